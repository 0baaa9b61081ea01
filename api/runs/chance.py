"""Models whose numbers are others in each build, though no upload has changed."""

from __future__ import annotations

import re

from api.contract.sql_names import bare
from api.runs.facts import Nodes
from api.runs.failures import Failure, failure

# With a seed it is the same each time.
CHANCE = re.compile(
    r"\b((?:random|rand|gen_random_uuid|uuid)\s*\(\s*\)|randomblob\s*\()", re.IGNORECASE
)


def warnings_of_chance(nodes: Nodes) -> list[Failure]:
    """One for each model that calls what gives values by chance."""
    return [
        failure(
            node["name"],
            "model",
            node["original_file_path"],
            None,
            f"{node['name']} calls {found[1].rstrip('( )')}(): its numbers are others"
            " in each build. This is a warning: it holds back no numbers.",
            status="warn",
        )
        for node in nodes.values()
        if node["resource_type"] == "model"
        and (found := CHANCE.search(bare(node.get("raw_code") or "")))
    ]
