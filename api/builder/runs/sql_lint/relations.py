"""What the SQL of a model reads, and what is found in it."""

from __future__ import annotations

from typing import NamedTuple


class Relation(NamedTuple):
    """What SQL reads: its columns and their types in the YAML, and what is unique."""

    name: str
    columns: tuple[tuple[str, str], ...]
    unique: tuple[frozenset[str], ...]


class Slip(NamedTuple):
    """What a model does, in words, what that is about, and its line as compiled."""

    words: str
    about: str
    line: int | None
