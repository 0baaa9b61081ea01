"""The compiled SQL of dbt's generic tests, saved from one process to the next."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode

FILE = "compiled_tests.json"

log = logging.getLogger("builder")


class CompiledTests:
    """The compiled tests of some kinds, saved in dbt's target folder."""

    def __init__(self, target: Path, kinds: Sequence[str]) -> None:
        self._path = target / FILE
        self._kinds = kinds

    def save(self, manifest: Manifest, digest: str, digests: Mapping[str, str]) -> None:
        """Save what a whole build has compiled.

        `digest` is the project's, `digests` has one for each test.
        """
        compiled = {
            test.unique_id: [digests[test.unique_id], test.compiled_code]
            for test in self._tests(manifest)
        }
        text = json.dumps({"of": _version(manifest, digest), "tests": compiled})
        new = self._path.with_suffix(".new")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            # The build is published all the same; the next process compiles them again.
            log.warning("the compiled tests cannot be kept: %s", error)

    def restore(self, manifest: Manifest, digest: str) -> bool:
        """Set the SQL of all tests, if all of it was saved for this version."""
        version, saved = self._read()
        tests = self._tests(manifest)
        names = {test.unique_id for test in tests}
        if version != _version(manifest, digest) or saved.keys() != names:
            return False
        for test in tests:
            _set_code(test, saved[test.unique_id][1])
        return True

    def restore_unchanged(
        self, manifest: Manifest, digests: Mapping[str, str]
    ) -> list[str]:
        """Set the SQL of tests that are unchanged, like all they depend on.

        Returns their names, by which dbt excludes them from a build.
        """
        _, saved = self._read()
        names = []
        parts = Counter(part for node in manifest.nodes.values() for part in node.fqn)
        for test in self._tests(manifest):
            before, code = saved.get(test.unique_id, ("", ""))
            is_same = before == digests[test.unique_id]
            # dbt's selectors give some characters a meaning, and would also match a
            # folder of this name.
            is_plain = re.fullmatch(r"\w+", test.name) and parts[test.name] == 1
            if is_same and code and is_plain:
                _set_code(test, code)
                names.append(test.name)
        return names

    def _read(self) -> tuple[list[Any], dict[str, Any]]:
        """The version, and the digest and SQL of each test; empty if unreadable."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            return saved["of"], saved["tests"]
        except (OSError, ValueError, LookupError, TypeError):
            return [], {}

    def expose(self, manifest: Manifest) -> None:
        """Put the compiled SQL into `graph`, for macros and for the judge."""
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        nodes = manifest.flat_graph["nodes"]
        manifest.flat_graph["compiled_tests"] = [
            nodes[test.unique_id]
            for test in self._tests(manifest)
            if test.compiled_code
        ]

    def _tests(self, manifest: Manifest) -> list[GenericTestNode]:
        return [
            node
            for node in manifest.nodes.values()
            if isinstance(node, GenericTestNode)
            and node.test_metadata.namespace is None
            and node.test_metadata.name in self._kinds
        ]


def _set_code(test: GenericTestNode, code: str) -> None:
    test.compiled_code = code
    # Without this dbt leaves the code out of `graph`.
    test.compiled = True


def _version(manifest: Manifest, digest: str) -> list[Any]:
    """What compiled SQL depends on: the project, and the names of its tables."""
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    names = {str(getattr(node, "relation_name", None)) for node in nodes}
    return [digest, *sorted(names)]
