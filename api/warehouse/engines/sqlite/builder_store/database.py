"""One SQLite file through `sqlite3`, for the builder's own statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from api.warehouse.schema import Run

# Well below the shortest time after which a silent builder is killed.
LOCK_SECONDS = 5


@dataclass(frozen=True)
class Connection:
    """A connection that runs statements."""

    rows: Run


class Database:
    """A database file; each use opens a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make_ready(self) -> None:
        """Readers and the one writer of a database do not wait for each other."""
        with opened(self.path) as run:
            run("pragma journal_mode = wal", ())

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in autocommit mode."""
        with opened(self.path) as run:
            yield Connection(run)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; all or nothing."""
        with opened(self.path) as run, transaction(run):
            yield Connection(run)


@contextmanager
def opened(name: str | Path) -> Iterator[Run]:
    """Runs statements on a database in autocommit mode."""
    with closing(
        sqlite3.connect(name, isolation_level=None, timeout=LOCK_SECONDS)
    ) as connection:
        yield partial(rows, connection)


@contextmanager
def transaction(run: Run) -> Iterator[None]:
    """A transaction that holds the write lock from its start; all or nothing."""
    run("begin immediate", ())
    try:
        yield
        run("commit", ())
    except BaseException:
        run("rollback", ())
        raise


def rows(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    """Run one statement; its rows, a dictionary each."""
    cursor = connection.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
