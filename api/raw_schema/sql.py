"""What every part of this room asks of a connection, and how a type is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from api.contract import Column

# Runs one statement with its parameters; its rows, a dictionary each.
Run = Callable[[str, Sequence[Any]], list[dict[str, Any]]]

# The key of a stored row: the number of its load, then its place in the load.
ROW_KEY = "_row"
PLACE_BITS = 32

STORAGE = {"integer": "integer", "boolean": "integer", "real": "real"}


def storage(column: Column) -> str:
    """The type that SQLite keeps the column in; dates and times are text."""
    return STORAGE.get(column.data_type, "text")


def exists(run: Run, table: str) -> bool:
    sql = "select 1 from sqlite_master where type = 'table' and name = ?"
    return bool(run(sql, [table]))


def count(run: Run, table: str, where: str) -> int:
    return int(run(f'select count(*) as n from "{table}" where {where}', ())[0]["n"])


def key_before(load_id: int) -> int:
    """The key before that of a load's first row."""
    return load_id << PLACE_BITS
