"""What the SQL of a model reads, and a warning about it."""

from __future__ import annotations

from typing import NamedTuple


class Relation(NamedTuple):
    """A relation that SQL reads: columns with their YAML types, and unique keys."""

    name: str
    columns: tuple[tuple[str, str], ...]
    unique: tuple[frozenset[str], ...]


class LintWarning(NamedTuple):
    """What a model's SQL does, the text that it is about, and its line as compiled."""

    explanation: str
    about: str
    line: int | None
