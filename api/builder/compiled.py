"""The SQL that dbt's generic tests compile to, kept from one process to the next."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode

FILE = "compiled_tests.json"

log = logging.getLogger("builder")


class CompiledTests:
    """The compiled tests of some kinds, in a file of dbt's target folder."""

    def __init__(self, target: Path, kinds: Sequence[str]) -> None:
        self._path = target / FILE
        self._kinds = kinds

    def keep(self, manifest: Manifest, digest: str) -> None:
        """Write down what a whole build has compiled."""
        compiled = {test.unique_id: test.compiled_code for test in self._of(manifest)}
        text = json.dumps({"of": _version(manifest, digest), "sql": compiled})
        new = self._path.with_suffix(".new")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            # What was built is published; the next process compiles them again.
            log.warning("the compiled tests cannot be kept: %s", error)

    def restore(self, manifest: Manifest, digest: str) -> bool:
        """Give the tests their SQL, if it is all there and of this very version."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        tests = self._of(manifest)
        names = {test.unique_id for test in tests}
        if kept.get("of") != _version(manifest, digest) or kept["sql"].keys() != names:
            return False
        for test in tests:
            test.compiled_code = kept["sql"][test.unique_id]
            # Without it dbt leaves the code out of `graph`.
            test.compiled = True
        return True

    def _of(self, manifest: Manifest) -> list[GenericTestNode]:
        return [
            node
            for node in manifest.nodes.values()
            if isinstance(node, GenericTestNode)
            and node.test_metadata.namespace is None
            and node.test_metadata.name in self._kinds
        ]


def _version(manifest: Manifest, digest: str) -> list[Any]:
    """What the SQL depends on: the project, and where its tables are."""
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    names = {str(getattr(node, "relation_name", None)) for node in nodes}
    return [digest, *sorted(names)]
