"""Advisory locks of the server, which end with the connection that took them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import WarehouseUnreachable
from api.warehouse.engines.builder_store import AnotherBuilder
from api.warehouse.engines.key_locks import KeyLocks
from api.warehouse.engines.postgres.database import Connection

BUILDER = (0x68697265, 2)
PATIENCE_SECONDS = 1.0


class AdvisoryLocks(KeyLocks):
    """Idempotency-Keys, all locked by one connection of this process."""

    def __init__(self) -> None:
        super().__init__()
        self._connection: Connection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _take(self, number: int) -> bool:
        try:
            return self._ask("pg_try_advisory_lock", number)
        except WarehouseUnreachable:
            # The server may be back. What was locked before is over, too: its
            # transaction ended with the server.
            self._connection = None
            return self._ask("pg_try_advisory_lock", number)

    def _give_back(self, number: int) -> None:
        try:
            self._ask("pg_advisory_unlock", number)
        except WarehouseUnreachable:
            self._connection = None

    def _ask(self, function: str, number: int) -> bool:
        if self._connection is None:
            self._connection = Connection("raw")
        sql = f"select {function}(?) as done"
        return bool(self._connection.rows(sql, [number])[0]["done"])


@contextmanager
def only_builder(connection: Connection) -> Iterator[None]:
    """Hold the builder's lock with the connection; raises AnotherBuilder."""
    sql = "select pg_try_advisory_lock({}, {}) as done".format(*BUILDER)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not connection.rows(sql)[0]["done"]:
        if time.monotonic() > deadline:
            raise AnotherBuilder("the warehouse has a builder already")
        time.sleep(0.05)
    yield


def builder_is_running(connection: Connection) -> bool:
    """Whether a connection holds the builder's lock."""
    sql = (
        "select 1 as found from pg_locks"
        " inner join pg_database on pg_database.oid = pg_locks.database"
        " where locktype = 'advisory' and granted and datname = current_database()"
        " and classid = {} and objid = {} and objsubid = 2"
    )
    return bool(connection.rows(sql.format(*BUILDER)))
