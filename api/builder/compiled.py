"""The SQL that dbt's generic tests compile to, kept from one process to the next."""

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
    """The compiled tests of some kinds, in a file of dbt's target folder."""

    def __init__(self, target: Path, kinds: Sequence[str]) -> None:
        self._path = target / FILE
        self._kinds = kinds

    def keep(self, manifest: Manifest, digest: str, digests: Mapping[str, str]) -> None:
        """Write down what a whole build has compiled.

        `digest` is that of the project, `digests` has one for each test.
        """
        compiled = {
            test.unique_id: [digests[test.unique_id], test.compiled_code]
            for test in self._of(manifest)
        }
        text = json.dumps({"of": _version(manifest, digest), "tests": compiled})
        new = self._path.with_suffix(".new")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            # What was built is published; the next process compiles them again.
            log.warning("the compiled tests cannot be kept: %s", error)

    def restore(self, manifest: Manifest, digest: str) -> bool:
        """Give the tests their SQL, if it is all there and of this very version."""
        of, kept = self._kept()
        tests = self._of(manifest)
        names = {test.unique_id for test in tests}
        if of != _version(manifest, digest) or kept.keys() != names:
            return False
        for test in tests:
            _give(test, kept[test.unique_id][1])
        return True

    def restore_unchanged(
        self, manifest: Manifest, digests: Mapping[str, str]
    ) -> list[str]:
        """Give those their SQL that are as they were, and all that they test.

        The names of them, by which dbt leaves them out of a build.
        """
        _, kept = self._kept()
        names = []
        parts = Counter(part for node in manifest.nodes.values() for part in node.fqn)
        for test in self._of(manifest):
            before, code = kept.get(test.unique_id, ("", ""))
            is_same = before == digests[test.unique_id]
            # dbt has signs of its own in what it selects by, and a name may be that of
            # a folder, too.
            is_plain = re.fullmatch(r"\w+", test.name) and parts[test.name] == 1
            if is_same and code and is_plain:
                _give(test, code)
                names.append(test.name)
        return names

    def _kept(self) -> tuple[list[Any], dict[str, Any]]:
        """The version, and for each test its digest and SQL; nothing of other forms."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return found["of"], found["tests"]
        except (OSError, ValueError, LookupError, TypeError):
            return [], {}

    def show(self, manifest: Manifest) -> None:
        """Let macros, in `graph`, and whoever judges see the SQL that was compiled."""
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
        nodes = manifest.flat_graph["nodes"]
        manifest.flat_graph["compiled_tests"] = [
            nodes[test.unique_id] for test in self._of(manifest) if test.compiled_code
        ]

    def _of(self, manifest: Manifest) -> list[GenericTestNode]:
        return [
            node
            for node in manifest.nodes.values()
            if isinstance(node, GenericTestNode)
            and node.test_metadata.namespace is None
            and node.test_metadata.name in self._kinds
        ]


def _give(test: GenericTestNode, code: str) -> None:
    test.compiled_code = code
    # Without it dbt leaves the code out of `graph`.
    test.compiled = True


def _version(manifest: Manifest, digest: str) -> list[Any]:
    """What the SQL depends on: the project, and where its tables are."""
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    names = {str(getattr(node, "relation_name", None)) for node in nodes}
    return [digest, *sorted(names)]
