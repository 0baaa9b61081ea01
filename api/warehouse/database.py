"""One SQLite file through ADBC: pooled connections, rows as dictionaries, transactions.

Knows SQLite and Arrow; knows nothing of loads, builds or marts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

import adbc_driver_manager
import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa

from api.errors import WarehouseBusy
from api.warehouse.checkpoints import Checkpoints

Row = dict[str, Any]

BUSY_TIMEOUT_MS = 30_000
# What a large load leaves of the WAL when it is used again.
KEPT_WAL_BYTES = 64 << 20
# The driver takes a column's type from its first batch: make that the whole answer.
CURSOR = {"adbc.sqlite.query.batch_rows": str(1 << 22)}


log = logging.getLogger("warehouse")


class Connection:
    """A connection in autocommit mode; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = adbc.connect(str(path), autocommit=True)
        self.rows(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
        self.rows("pragma synchronous = full")
        self.rows("pragma wal_autocheckpoint = 0")
        self.rows(f"pragma journal_size_limit = {KEPT_WAL_BYTES}")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement; its rows, a dictionary each, in order."""
        return list(self.table(sql, parameters).to_pylist())

    def table(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run one statement; its rows as an Arrow table.

        A column in which no row has a value has no type of its own.
        """
        with self._connection.cursor(adbc_stmt_kwargs=CURSOR) as cursor:
            cursor.execute(sql, tuple(parameters) or None)
            if cursor.description is None:
                return pa.table({})
            return cursor.fetch_arrow_table()

    def append(self, table: str, rows: pa.RecordBatch) -> None:
        """Append Arrow rows to an existing table, column by name."""
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append")

    def close(self) -> None:
        self._connection.close()


class Database:
    """One database file, in WAL mode from the first connection on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: LifoQueue[Connection] = LifoQueue()
        self._writer = threading.Lock()
        self._checkpoints = Checkpoints(self._checkpoint)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrow a connection; one that failed is closed, not lent again."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = Connection(self.path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot: every statement inside sees the same state of the file."""
        with self.connection() as connection:
            connection.rows("begin")
            yield connection
            connection.rows("commit")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; all or nothing.

        Threads queue here rather than in SQLite, whose waiting is by sleeping. Raises
        WarehouseBusy when another process holds the lock for too long.
        """
        with self._writer, self.connection() as connection:
            try:
                connection.rows("begin immediate")
            except adbc_driver_manager.OperationalError as error:
                raise WarehouseBusy(
                    f"{self.path.name} was locked by another process for "
                    f"{BUSY_TIMEOUT_MS // 1000} s. Nothing was stored; try again."
                ) from error
            try:
                yield connection
                connection.rows("commit")
            except BaseException:
                connection.rows("rollback")
                raise
        self._checkpoints.want()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement on any connection."""
        with self.connection() as connection:
            return connection.rows(sql, parameters)

    def close(self) -> None:
        """Close the idle connections."""
        self._checkpoints.close()
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _checkpoint(self) -> None:
        """As much as goes without waiting for readers or for a writer."""
        try:
            self.rows("pragma wal_checkpoint(passive)")
        except adbc_driver_manager.Error as error:
            # Nothing is lost by it: all is in the WAL until the next one.
            log.warning("no checkpoint of %s: %s", self.path.name, error)
