"""Loads that were published and are no longer in any ledger.

An empty raw.db beside published loads would give their numbers to its own loads.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from api.errors import WarehouseDamaged
from api.warehouse.engines.preparing import Statements
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.schema import Run

has_table = Dialect().has_table


class DatabaseFile(Protocol):
    """A database file, whichever driver opens it."""

    @property
    def path(self) -> Path: ...

    def connection(self) -> AbstractContextManager[Statements]: ...


def check_lost_loads(published: DatabaseFile, raw: DatabaseFile) -> None:
    """Raise WarehouseDamaged where raw.db has no load though some were published."""
    newest = newest_published_load(published)
    if newest == 0 or _has_loads(raw):
        return
    raise WarehouseDamaged(
        f"{raw.path} is gone or empty, but load {newest} was published. It holds the"
        " uploaded rows: put the newest snapshot back. To begin anew, empty the folder."
    )


def newest_published_load(published: DatabaseFile) -> int:
    """The newest load in any recorded build; 0 without one."""
    sql = "select coalesce(max(last_load_id), 0) as n from builds"
    return _number(published, "builds", sql)


def _has_loads(raw: DatabaseFile) -> bool:
    return _number(raw, "loads", "select exists (select 1 from loads) as n") > 0


def _number(file: DatabaseFile, table: str, sql: str) -> int:
    """The `n` that a statement on a table returns; 0 without the table or file."""
    if not file.path.exists():
        return 0
    with file.connection() as connection:
        run: Run = connection.rows
        return int(run(sql, ())[0]["n"]) if has_table(run, table) else 0
