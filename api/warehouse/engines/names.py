"""Names of columns and tables, which may be anything, as they stand in SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'
