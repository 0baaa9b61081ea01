"""Data tests that ref a missing model, which dbt skips with a mere warning.

Only certain cases are found; sources and packages are left to dbt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from api.wording import did_you_mean

VERSION = r"\s*(?:,\s*v(?:ersion)?\s*=\s*[\w.'\"]+\s*)?"
REF = re.compile(rf"\s*ref\(\s*(['\"])(\w+)\1{VERSION}\)\s*")
IN_SQL = re.compile(rf"\{{\{{-?{REF.pattern}-?\}}\}}")
JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
SNAPSHOT = re.compile(r"\{%[-+]?\s*snapshot\s+(\w+)")
# A test with this word may be disabled, whole or in part.
ENABLED = "enabled"
NAMED = ("models", "seeds", "snapshots")
HOLDING = (*NAMED, "sources", "tables", "versions", "columns")
TESTS = ("data_tests", "tests")


def referable_names(
    paths: Iterable[str], documents: Iterable[Any], snapshots: Iterable[str]
) -> set[str]:
    """The names that `ref()` finds: those of files, and those described in YAML.

    `snapshots` are the texts of the snapshots in SQL.
    """
    files = (PurePosixPath(path) for path in paths)
    described = (
        str(resource["name"])
        for document in documents
        for kind in NAMED
        for resource in _items(document, kind)
        if isinstance(resource, Mapping) and "name" in resource
    )
    return {
        *(path.stem for path in files if path.suffix in (".sql", ".csv")),
        *described,
        *(name for text in snapshots for name in SNAPSHOT.findall(text)),
    }


def missing_refs_in_yaml(document: Any, known: Collection[str]) -> Iterator[str]:
    """The defects of the data tests in a YAML file."""
    for test in _tests_in(document):
        texts = [*_texts_in(test)]
        for text in texts if ENABLED not in texts else ():
            if (match := REF.fullmatch(text)) and match[2] not in known:
                yield _defect(match[2], known)


def missing_refs_in_sql(sql: str, known: Collection[str]) -> Iterator[str]:
    """The defects of a data test in SQL."""
    text = JINJA_COMMENT.sub(lambda match: "\n" * match[0].count("\n"), sql)
    if "{%" in text or ENABLED in text:
        return
    for match in IN_SQL.finditer(text):
        if match[2] not in known:
            line = text.count("\n", 0, match.start(2)) + 1
            yield f"line {line}: {_defect(match[2], known)}"


def _defect(name: str, known: Collection[str]) -> str:
    return f"there is no {name!r} to read{did_you_mean(name, known)}"


def _tests_in(value: Any, depth: int = 3) -> Iterator[Any]:
    """The data tests of a value and of its columns, versions and tables."""
    for kind in TESTS:
        yield from _items(value, kind)
    if depth:
        for kind in HOLDING:
            for part in _items(value, kind):
                yield from _tests_in(part, depth - 1)


def _texts_in(value: Any, depth: int = 6) -> Iterator[str]:
    """Its texts and keys. A YAML anchor may contain itself, so the depth is bounded."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts_in(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner, depth - 1)


def _items(value: Any, key: str) -> list[Any]:
    """The list under a key; empty if there is none."""
    items = value.get(key) if isinstance(value, Mapping) else None
    return items if isinstance(items, list) else []
