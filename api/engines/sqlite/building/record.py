"""Where the record of builds is: published.db, through `sqlite3` like dbt beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from api.engines.record import Opened, Record
from api.engines.sqlite.building.mending import LOCK_SECONDS
from api.plain_macros import plain_macros
from api.raw_schema import Run

HAS_DIGEST = (
    "select 1 as found from pragma_table_info('builds', 'published')"
    " where name = 'project_digest'"
)


def record_of(folder: Path, project: Path) -> Record:
    """The record of builds of the warehouse in `folder`."""
    return Record(published_of(folder, project), lambda: opened(folder / "raw.db"))


def published_of(folder: Path, project: Path) -> Opened:
    """Opens published.db as the schema published, with the table of builds in it."""
    macros = plain_macros(project, "sqlite/builds_table")

    @contextmanager
    def published() -> Iterator[Run]:
        with opened(":memory:") as run:
            run("attach ? as published", [str(folder / "published.db")])
            run("pragma published.journal_mode = wal", ())
            run(macros.sqlite__builds_table(), ())
            if not run(HAS_DIGEST, ()):
                run(macros.sqlite__digest_of_builds(), ())
            yield run

    return published


def rows(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    """Run one statement; its rows, a dictionary each."""
    cursor = connection.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@contextmanager
def opened(name: str | Path) -> Iterator[Run]:
    """Runs statements on a database, each for itself."""
    with closing(
        sqlite3.connect(name, isolation_level=None, timeout=LOCK_SECONDS)
    ) as connection:
        yield partial(rows, connection)
