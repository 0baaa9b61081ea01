"""Names of columns and tables, which may be any text, quoted for SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """The name, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
