"""One schema of a PostgreSQL database through ADBC: pooled connections, rows as
dictionaries, transactions.

Knows PostgreSQL and Arrow; knows nothing of loads, builds or marts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from queue import Empty, LifoQueue
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc

from api.errors import Problem, WarehouseUnreachable
from api.warehouse.engines.adbc import AdbcConnection
from api.warehouse.engines.postgres.problems import named
from api.warehouse.engines.postgres.schema import Dialect
from api.warehouse.engines.server_store import Row

# The PG* variables have everything else.
ADDRESS = "postgresql://?connect_timeout=10&application_name=hiring"
# Connections of one process at a time; a server takes 100 by default.
MOST_CONNECTIONS = 12
LOCK_SECONDS = 30
# A connection that was idle for longer is tested before it is lent.
TRUSTED_SECONDS = 2.0
# Held by the writer until the end of its transaction.
WRITER = (0x68697265, 1)
# Notifies the builder when the transaction commits.
COMMITS = "hiring_commits"
BEGIN_WRITING = (
    f"select pg_advisory_xact_lock({WRITER[0]}, {WRITER[1]}),"
    f" pg_notify('{COMMITS}', '')"
)
UNKNOWN = (
    "PostgreSQL was lost while it was told to keep this, and nobody knows whether it"
    " did. Repeat the request: with the same Idempotency-Key, or the same file, nothing"
    " is stored twice."
)


class Connection(AdbcConnection):
    """A connection that sees one schema. An append is a COPY.

    Raises WarehouseUnreachable, WarehouseBusy, WarehouseReadOnly, StorageFull and
    NotBuilt.
    """

    position = "strpos"
    dialect = Dialect()

    def __init__(self, schema: str) -> None:
        with named():
            super().__init__(adbc.connect(ADDRESS, autocommit=True))
        self.used_at = time.monotonic()
        try:
            self.rows(f"set search_path to {schema}")
            self.rows(f"set lock_timeout to '{LOCK_SECONDS}s'")
        except BaseException:
            self.close()
            raise

    def is_alive(self) -> bool:
        """Whether it works; assumed of one that was just in use."""
        if time.monotonic() - self.used_at < TRUSTED_SECONDS:
            return True
        with suppress(adbc_driver_manager.Error, Problem):
            self.rows("select 1 as alive")
            return True
        return False

    def _named(self) -> AbstractContextManager[None]:
        return named()

    def _statement(self, sql: str) -> str:
        return _numbered(sql)


class Database:
    """One schema of the database, by as many connections as are needed at a time."""

    poll_seconds = 0.05

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._idle: LifoQueue[Connection] = LifoQueue()
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._writer = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrow a connection; on an error its transaction is rolled back."""
        with self._free:
            connection = self._borrowed()
            try:
                yield connection
            except WarehouseUnreachable:
                connection.close()
                # The other idle connections are most likely lost, too.
                self.close()
                raise
            except BaseException:
                # A new one takes a tenth of a second; a failed statement needs none.
                self._give_back(connection, connection.roll_back())
                raise
            self._give_back(connection, True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot: every statement inside sees the same state of the rows."""
        with self.connection() as connection:
            connection.rows("begin isolation level repeatable read")
            yield connection
            connection.rows("commit")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock; all or nothing.

        So the ledger's numbers are committed in their order. Raises WarehouseBusy when
        another process writes for too long.
        """
        with self._writer, self.connection() as connection:
            connection.rows("begin")
            connection.rows(BEGIN_WRITING)
            yield connection
            _commit(connection)

    def make_ready(self) -> None:
        """Create the schema if there is none."""
        with self.connection() as connection:
            sql = "select 1 as found from pg_namespace where nspname = ?"
            if connection.rows(sql, [self._schema]):
                return
        with self.writing() as connection:
            connection.rows(f"create schema if not exists {self._schema}")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement on any connection."""
        with self.connection() as connection:
            return connection.rows(sql, parameters)

    def close(self) -> None:
        """Close the idle connections."""
        for connection in self._idle_ones():
            connection.close()

    def _give_back(self, connection: Connection, usable: bool) -> None:
        if not usable:
            connection.close()
            return
        connection.used_at = time.monotonic()
        self._idle.put(connection)

    def _borrowed(self) -> Connection:
        for connection in self._idle_ones():
            if connection.is_alive():
                return connection
            connection.close()
        return Connection(self._schema)

    def _idle_ones(self) -> Iterator[Connection]:
        """Yield idle connections, the last used first."""
        with suppress(Empty):
            while True:
                yield self._idle.get_nowait()


def _commit(connection: Connection) -> None:
    try:
        connection.rows("commit")
    except WarehouseUnreachable as problem:
        raise WarehouseUnreachable(UNKNOWN) from problem


@lru_cache(1024)
def _numbered(sql: str) -> str:
    """`$1` for each `?`; no text literal in the SQL holds a question mark."""
    first, *rest = sql.split("?")
    return first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))
