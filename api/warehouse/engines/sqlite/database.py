"""One SQLite file through ADBC: pooled connections, rows as dictionaries, transactions.

Knows SQLite and Arrow; knows nothing of loads, builds or marts.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

import adbc_driver_manager
import adbc_driver_sqlite.dbapi as adbc

from api.errors import NotBuilt, Problem, WarehouseDamaged
from api.warehouse.engines.adbc import AdbcConnection
from api.warehouse.engines.server_store import Row
from api.warehouse.engines.sqlite.checkpoints import Checkpoints
from api.warehouse.engines.sqlite.files import DERIVED
from api.warehouse.engines.sqlite.problems import named
from api.warehouse.engines.sqlite.schema import Dialect

# Which file it is, whatever its name: device and inode.
Identity = tuple[int, int]

BUSY_TIMEOUT_MS = 30_000
# The size to which the WAL shrinks after a large load.
KEPT_WAL_BYTES = 64 << 20
# The driver takes a column's type from its first batch: fetch all rows in one.
CURSOR = {"adbc.sqlite.query.batch_rows": str(1 << 22)}


log = logging.getLogger("warehouse")


class Connection(AdbcConnection):
    """A connection to one file.

    Raises WarehouseBusy, WarehouseReadOnly, WarehouseDamaged and StorageFull.
    """

    position = "instr"
    dialect = Dialect()
    cursor_options = CURSOR

    def __init__(self, path: Path, create: bool = True) -> None:
        self._path = path
        mode = "rwc" if create else "rw"
        with named(path):
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            super().__init__(adbc.connect(uri, autocommit=True))
        self.identity = identity_of(path)
        try:
            self.rows(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
            self.rows("pragma synchronous = full")
            self.rows("pragma wal_autocheckpoint = 0")
            self.rows(f"pragma journal_size_limit = {KEPT_WAL_BYTES}")
        except BaseException:
            self.close()
            raise

    def _named(self) -> AbstractContextManager[None]:
        return named(self._path)


class Database:
    """One database file, in WAL mode from the first connection on.

    If another file takes its place, that one is opened instead.
    """

    poll_seconds = 0.02

    def __init__(
        self, path: Path, after_commit: Callable[[], None] = lambda: None
    ) -> None:
        self.path = path
        self._after_commit = after_commit
        self._is_derived = path.name in DERIVED
        self._was_there = False
        self._idle: LifoQueue[Connection] = LifoQueue()
        self._writer = threading.Lock()
        self._checkpoints = Checkpoints(self._checkpoint)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Borrow a connection; one that failed is closed, not lent again."""
        connection = self._borrowed()
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
            connection.rows("begin immediate")
            try:
                yield connection
                connection.rows("commit")
            except BaseException:
                connection.roll_back()
                raise
        self._after_commit()
        self._checkpoints.want()

    def make_ready(self) -> None:
        """Readers and the one writer of a database do not wait for each other."""
        self.rows("pragma journal_mode = wal")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement on any connection."""
        with self.connection() as connection:
            return connection.rows(sql, parameters)

    def close(self) -> None:
        """Close the idle connections."""
        self._checkpoints.close()
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _borrowed(self) -> Connection:
        now = identity_of(self.path)
        while True:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                return self._opened(now)
            # What was published before is better than nothing until the next build.
            if connection.identity == now or now is None and self._is_derived:
                return connection
            connection.close()

    def _opened(self, now: Identity | None) -> Connection:
        if now is None and self._is_derived:
            raise NotBuilt(
                f"{self.path.name} is not there yet. The builder makes it: try again"
                " in a few seconds."
            )
        if now is None and self._was_there:
            # A new file would take loads without the rows that were there before.
            raise WarehouseDamaged(
                f"{self.path} was taken away while it was in use. Nothing was stored."
                " Put it back, or stop the server and put the newest snapshot back."
            )
        connection = Connection(self.path, create=now is None)
        self._was_there = True
        return connection

    def _checkpoint(self) -> None:
        """Checkpoint as far as possible without waiting for readers or a writer."""
        try:
            self.rows("pragma wal_checkpoint(passive)")
        except (adbc_driver_manager.Error, Problem) as error:
            # Nothing is lost: all commits stay in the WAL until the next one.
            log.warning("no checkpoint of %s: %s", self.path.name, error)


def identity_of(path: Path) -> Identity | None:
    """Which file is at `path` now; None when there is none."""
    try:
        stat = os.stat(path)
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino
