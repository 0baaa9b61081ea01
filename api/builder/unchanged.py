"""Seeds and tests that need not be run by dbt, for one before was of the very same.

What each depends on is in a digest of its own, which covers everything above it: where
a model has changed, the tests of it and of those below it run again, and no other.
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
# When and where a node was read, and what running it has added.
ASIDE = {
    *("created_at", "root_path", "_event_status", "build_path", "deferred"),
    *("compiled", "compiled_code", "compiled_path"),
    *("extra_ctes", "extra_ctes_injected"),
}
Digests = dict[str, str]

log = logging.getLogger("builder")


class UnchangedNodes:
    """The digests of those that have run well, in a file of dbt's target folder."""

    def __init__(self, target: Path) -> None:
        self._path = target / FILE
        # As they are now, generic tests among them; see `compiled`.
        self.now: Digests = {}
        # Ids of the unit tests that are left out.
        self.passed: set[str] = set()

    def to_exclude(
        self, manifest: Manifest, common: Sequence[Any], has_seeds: bool
    ) -> tuple[list[str], list[str]]:
        """What dbt leaves out of the build that comes: types of resources, and names.

        `common` is what all nodes depend on besides. `has_seeds` says that what the
        last build has loaded is still there. If one seed has changed all are loaded.
        """
        self.now = now = _digests(manifest, common)
        ran = self._kept()
        kinds = []
        if has_seeds and _of(SEED, now).items() <= ran.items():
            kinds.append(SEED)
        else:
            # They are about to be loaded: what comes of that is known afterwards.
            self._write(_of(UNIT_TEST, ran))
        tests = _of(UNIT_TEST, now)
        to_run = {_name(manifest, test) for test in tests if ran.get(test) != now[test]}
        self.passed = {test for test in tests if _name(manifest, test) not in to_run}
        if to_run:
            passed = {_name(manifest, test) for test in tests} - to_run
            return kinds, [f"unit_test:{name}" for name in sorted(passed)]
        return [*kinds, UNIT_TEST], []

    def keep(self) -> None:
        """Write down that all have run well."""
        self._write(_of(SEED, self.now) | _of(UNIT_TEST, self.now))

    def _kept(self) -> Digests:
        try:
            kept: Digests = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept

    def _write(self, digests: Digests) -> None:
        # Where it can neither be written nor deleted nothing can be built, either.
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
            # Where models refer to each other in a circle, which dbt refuses later.
            known[node.unique_id] = ""
            facts = node.to_dict(omit_none=True)
            # What is neither a node nor a source may always have changed.
            above = [
                of(nodes[name]) if name in nodes else str(uuid.uuid4())
                for name in sorted(node.depends_on_nodes)
            ]
            # To the macros of a test dbt adds some once it runs it; all are in `base`.
            own = facts.keys() - ASIDE - {"depends_on"}
            parts = [{key: facts[key] for key in own}, _file(node)]
            known[node.unique_id] = _digest([base, parts, above])
        return known[node.unique_id]

    seeds = [node for node in manifest.nodes.values() if node.resource_type == SEED]
    tests = [node for node in manifest.nodes.values() if node.resource_type == TEST]
    wanted = (*seeds, *tests, *manifest.unit_tests.values())
    return {node.unique_id: of(node) for node in wanted}


def _file(node: Any) -> list[int]:
    """The version of a seed's file, which is read when it is loaded and not before."""
    if node.resource_type != SEED:
        return []
    found = os.stat(Path(node.root_path or "", node.original_file_path))
    return [found.st_size, found.st_mtime_ns]


def _name(manifest: Manifest, unique_id: str) -> str:
    return manifest.unit_tests[unique_id].name


def _of(kind: str, digests: Digests) -> Digests:
    return {name: of for name, of in digests.items() if name.startswith(f"{kind}.")}


def _digest(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
