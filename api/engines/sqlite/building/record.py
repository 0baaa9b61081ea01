"""Where the record of builds is: published.db, through `sqlite3` like dbt beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from api.engines.record import Record
from api.engines.sqlite.building.mending import LOCK_SECONDS
from api.plain_macros import plain_macros
from api.raw_schema import Run


def record_of(folder: Path, project: Path) -> Record:
    """The record of builds of the warehouse in `folder`."""
    macros = plain_macros(project, "sqlite/builds_table")

    @contextmanager
    def published() -> Iterator[Run]:
        with _opened(":memory:") as connection:
            connection.execute("attach ? as published", [str(folder / "published.db")])
            connection.execute("pragma published.journal_mode = wal")
            connection.execute(macros.sqlite__builds_table())
            yield partial(rows, connection)

    @contextmanager
    def ledger() -> Iterator[Run]:
        with _opened(str(folder / "raw.db")) as connection:
            yield partial(rows, connection)

    return Record(published, ledger)


def rows(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    """Run one statement; its rows, a dictionary each."""
    cursor = connection.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _opened(name: str) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(name, isolation_level=None, timeout=LOCK_SECONDS))
