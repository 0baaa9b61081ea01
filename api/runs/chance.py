"""Models whose numbers are others in each build, though no upload has changed."""

from __future__ import annotations

import re

from api.contract.sql_names import bare
from api.runs.facts import Nodes
from api.runs.failures import Failure

# With a seed it is the same each time.
CHANCE = re.compile(
    r"\b((?:random|rand|gen_random_uuid|uuid)\s*\(\s*\)|randomblob\s*\()", re.IGNORECASE
)


def warnings_of_chance(nodes: Nodes) -> list[Failure]:
    """One for each model that calls what gives values by chance."""
    return [
        {
            "name": node["name"],
            "kind": "model",
            "file": node["original_file_path"],
            "line": None,
            "status": "warn",
            "rows": None,
            "message": None,
            "words": f"{node['name']} calls {found[1].rstrip('( )')}(): its numbers are"
            " others in each build. This is a warning: it holds back no numbers.",
            "sample": [],
        }
        for node in nodes.values()
        if node["resource_type"] == "model"
        and (found := CHANCE.search(bare(node.get("raw_code") or "")))
    ]
