"""Whether dbt in a terminal parsed the same project as the builder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from api.builder.runs.facts import Nodes
from api.builder.unchanged import IGNORED_KEYS


def is_same_project(
    manifest: Manifest, nodes: Nodes, macros: str, ran: Collection[str]
) -> bool:
    """Compare the nodes and macros of a recorded run with a manifest.

    `macros` is the digest of the project's own macros. `ran` are the ids of the nodes
    that ran: dbt's graph has no unit tests, so all of them have to have run.
    """
    if not set(manifest.unit_tests) <= set(ran):
        return False
    ours = {
        unique_id: node.to_dict(omit_none=False)
        for kind in (manifest.sources, manifest.nodes)
        for unique_id, node in kind.items()
    }
    theirs = {id: node for id, node in nodes.items() if id not in manifest.unit_tests}
    return _text(ours) == _text(theirs) and _digest_of_macros(manifest) == macros


def _text(nodes: Nodes) -> str:
    facts: dict[str, Any] = {
        unique_id: {key: node[key] for key in node.keys() - IGNORED_KEYS}
        for unique_id, node in nodes.items()
    }
    return json.dumps(facts, sort_keys=True, default=str)


def _digest_of_macros(manifest: Manifest) -> str:
    """The same digest as that of the macro `macros_code`."""
    project = manifest.metadata.project_name
    own = sorted(
        (macro.name, macro.macro_sql)
        for macro in manifest.macros.values()
        if macro.package_name == project
    )
    return hashlib.md5("".join(sql for _, sql in own).encode()).hexdigest()
