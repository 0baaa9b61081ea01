"""Data tests of what is not there, which dbt would leave out with a warning.

Only what is certain is found; sources, and what packages have, are for dbt.
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
ASIDE = re.compile(r"\{#.*?#\}", re.DOTALL)
SNAPSHOT = re.compile(r"\{%[-+]?\s*snapshot\s+(\w+)")
# What may keep a test, or a part of it, from being read at all.
ENABLED = "enabled"
NAMED = ("models", "seeds", "snapshots")
HOLDING = (*NAMED, "sources", "tables", "versions", "columns")
TESTS = ("data_tests", "tests")


def names_to_ref(
    paths: Iterable[str], documents: Iterable[Any], snapshots: Iterable[str]
) -> set[str]:
    """What `ref()` finds: what the files are called, and what YAML describes.

    `snapshots` are the texts of those that are SQL.
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


def lost_in_yaml(document: Any, known: Collection[str]) -> Iterator[str]:
    """Complaints of the tests in a file of properties."""
    for test in _tests_in(document):
        texts = [*_texts_in(test)]
        for text in texts if ENABLED not in texts else ():
            if (found := REF.fullmatch(text)) and found[2] not in known:
                yield _defect(found[2], known)


def lost_in_sql(sql: str, known: Collection[str]) -> Iterator[str]:
    """Complaints of a test that is SQL."""
    text = ASIDE.sub(lambda found: "\n" * found[0].count("\n"), sql)
    if "{%" in text or ENABLED in text:
        return
    for found in IN_SQL.finditer(text):
        if found[2] not in known:
            line = text.count("\n", 0, found.start(2)) + 1
            yield f"line {line}: {_defect(found[2], known)}"


def _defect(name: str, known: Collection[str]) -> str:
    return f"there is no {name!r} to read{did_you_mean(name, known)}"


def _tests_in(value: Any, depth: int = 3) -> Iterator[Any]:
    """What stands under `data_tests` here and in all that the value consists of."""
    for kind in TESTS:
        yield from _items(value, kind)
    if depth:
        for kind in HOLDING:
            for part in _items(value, kind):
                yield from _tests_in(part, depth - 1)


def _texts_in(value: Any, depth: int = 6) -> Iterator[str]:
    """Its texts and keys; YAML may hold itself, so there is an end to it."""
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
    """The list under a key; empty where there is none."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []
