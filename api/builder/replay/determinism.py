"""Whether a project's SQL depends only on its files and on the database's answers.

dbt compiles it again in each build, and Jinja may also read the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.contracts.graph.manifest import Manifest

CLOCK_OR_CHANCE = re.compile(
    r"\brun_started_at\b|\bmodules\b(?!\s*\.\s*(?:re|itertools)\b)|\|\s*random\b"
)
# The number of rows that a statement changed, which a replay would not compare.
RESPONSES = re.compile(r"\bresponse\b|\brows_affected\b")
# Our hooks, and our macros that read the clock: to wait, and to record when a run began
# and ended.
HOOKS = {"{{ start_run() }}", "{{ record_run(results) }}"}
OURS = {"now_here", "start_run"}
# How far a run reads: our macros only record it, a model might compute with it.
POSITION = re.compile(r"\blast_load_id\b|\bledger_position\b|\bthis_run\b")


def is_deterministic(manifest: Manifest) -> bool:
    """Whether two builds of the same rows send the same statements at any time."""
    nodes, project = [], manifest.metadata.project_name
    for node in manifest.nodes.values():
        if node.resource_type == NodeType.Operation:
            if node.raw_code not in HOOKS:
                return False
        elif node.resource_type != NodeType.Seed:
            nodes.append(node)
    if any(node.language == "python" for node in nodes):
        return False
    own = [
        macro.macro_sql
        for macro in manifest.macros.values()
        if macro.package_name == project and macro.name not in OURS
    ]
    own += [text for node in nodes for text in _texts(node)]
    called = _called(manifest, nodes)
    return not (
        any(POSITION.search(node.raw_code) for node in nodes)
        or any(RESPONSES.search(text) for text in own)
        or any(CLOCK_OR_CHANCE.search(text) for text in (*own, *called))
    )


def _texts(node: Any) -> Iterator[str]:
    yield node.raw_code
    for kind in ("pre_hook", "post_hook"):
        yield from (hook.sql for hook in getattr(node.config, kind, ()))


def _called(manifest: Manifest, nodes: Iterable[Any]) -> Iterator[str]:
    """The macros of other packages that nodes call, directly or not."""
    waiting = [name for node in nodes for name in node.depends_on.macros]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in manifest.macros:
            continue
        seen.add(name)
        macro = manifest.macros[name]
        waiting += macro.depends_on.macros
        if macro.package_name != manifest.metadata.project_name:
            yield macro.macro_sql
