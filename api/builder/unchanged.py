"""Seeds and unit tests that dbt need not run, because nothing they depend on changed.

Each has a digest that covers all its ancestors: after a change of a model its unit
tests and those of its descendants run again, and no others.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.contracts.graph.manifest import Manifest

FILE = "unchanged.json"
SEED, TEST = NodeType.Seed.value, NodeType.Test.value
UNIT_TEST = NodeType.Unit.value
# When and where a node was parsed, and what running it has added.
IGNORED_KEYS = {
    *("created_at", "root_path", "_event_status", "build_path", "deferred"),
    *("compiled", "compiled_code", "compiled_path"),
    *("extra_ctes", "extra_ctes_injected"),
}
Digests = dict[str, str]

log = logging.getLogger("builder")


class UnchangedNodes:
    """The digests of nodes that have passed, saved in dbt's target folder."""

    def __init__(self, target: Path) -> None:
        self._path = target / FILE
        # The current digests, also of generic tests; see `compiled`.
        self.now: Digests = {}
        # The ids of the unit tests that are excluded.
        self.passed: set[str] = set()

    def to_exclude(
        self, manifest: Manifest, common: Sequence[Any], has_seeds: bool
    ) -> tuple[list[str], list[str]]:
        """The resource types and the names that dbt excludes from the next build.

        `common` is what all nodes depend on. `has_seeds` is whether the seeds of the
        last build are still there. If one seed has changed, all are loaded.
        """
        self.now = now = _digests(manifest, common)
        passed = self._read()
        kinds = []
        if has_seeds and _of_kind(SEED, now).items() <= passed.items():
            kinds.append(SEED)
        else:
            # Until they are loaded, they have not passed.
            self._write(_of_kind(UNIT_TEST, passed))
        tests = _of_kind(UNIT_TEST, now)
        to_run = {
            _name(manifest, test) for test in tests if passed.get(test) != now[test]
        }
        self.passed = {test for test in tests if _name(manifest, test) not in to_run}
        if to_run:
            excluded = {_name(manifest, test) for test in tests} - to_run
            return kinds, [f"unit_test:{name}" for name in sorted(excluded)]
        return [*kinds, UNIT_TEST], []

    def save(self) -> None:
        """Save that all have passed."""
        self._write(_of_kind(SEED, self.now) | _of_kind(UNIT_TEST, self.now))

    def _read(self) -> Digests:
        try:
            saved: Digests = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return saved

    def _write(self, digests: Digests) -> None:
        # Where it can be neither written nor deleted, no build can succeed, either.
        with suppress(OSError):
            self._path.unlink()
        try:
            self._path.write_text(json.dumps(digests), encoding="utf-8")
        except OSError as error:
            log.warning("what was built is not kept, and is built again: %s", error)


def _digests(manifest: Manifest, common: Sequence[Any]) -> Digests:
    nodes: dict[str, Any] = {**manifest.nodes, **manifest.sources}
    macros = {name: macro.macro_sql for name, macro in manifest.macros.items()}
    base = _digest([*common, macros])
    known: Digests = {}

    def of(node: Any) -> str:
        if node.unique_id not in known:
            # Stops at a cycle of models, an error that dbt raises later.
            known[node.unique_id] = ""
            facts = node.to_dict(omit_none=True)
            # Anything but a node or a source may have changed.
            above = [
                of(nodes[name]) if name in nodes else str(uuid.uuid4())
                for name in sorted(node.depends_on_nodes)
            ]
            # dbt adds macros to a test when it runs; all macros are in `base`.
            own = facts.keys() - IGNORED_KEYS - {"depends_on"}
            parts = [{key: facts[key] for key in own}, _file(node)]
            known[node.unique_id] = _digest([base, parts, above])
        return known[node.unique_id]

    seeds = [node for node in manifest.nodes.values() if node.resource_type == SEED]
    tests = [node for node in manifest.nodes.values() if node.resource_type == TEST]
    digested = (*seeds, *tests, *manifest.unit_tests.values())
    return {node.unique_id: of(node) for node in digested}


def _file(node: Any) -> list[int]:
    """The size and time of a seed's file, which dbt reads when it loads the seed."""
    if node.resource_type != SEED:
        return []
    stat = os.stat(Path(node.root_path or "", node.original_file_path))
    return [stat.st_size, stat.st_mtime_ns]


def _name(manifest: Manifest, unique_id: str) -> str:
    return manifest.unit_tests[unique_id].name


def _of_kind(kind: str, digests: Digests) -> Digests:
    prefix = f"{kind}."
    return {id: digest for id, digest in digests.items() if id.startswith(prefix)}


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
