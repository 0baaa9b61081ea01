"""PostgreSQL for the builder."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import psycopg2
from psycopg2.extensions import (
    ISOLATION_LEVEL_AUTOCOMMIT,
    ISOLATION_LEVEL_REPEATABLE_READ,
)

from api.contract import Table
from api.errors import NotBuilt, Problem, WarehouseUnreachable
from api.warehouse.engines.builder_store import (
    LEASE_OWNER,
    AnotherBuilder,
    Position,
    Recovery,
)
from api.warehouse.engines.postgres.at_work import WorkInDatabase
from api.warehouse.engines.postgres.database import (
    ADDRESS,
    COMMITS,
    Connection,
    Database,
)
from api.warehouse.engines.postgres.locks import only_builder
from api.warehouse.engines.postgres.publishing import (
    HAS_RUNS,
    KINDS,
    PostgresPublishing,
    bring_up_to_date,
)
from api.warehouse.engines.postgres.schema import Dialect
from api.warehouse.engines.preparing import prepare
from api.warehouse.engines.publishing import drop_models
from api.warehouse.engines.record import AS_LEFT_BY, Record
from api.warehouse.engines.server_store import Row
from api.warehouse.schema import Run, in_place

# dbt may have added punctuation, around the model's SQL or for a `ref`.
NAMED_IN_ERRORS = re.compile(
    r'(?:column|relation|type|schema) "([^"]+)"(?: of relation "[^"]+")? does not exist'
    r"|column ([\w.]+) does not exist|function ([\w.]+)\(.*\) does not exist"
    r'|column reference "([^"]+)" is ambiguous'
    r'|column "([^"]+)" must appear in the GROUP BY clause'
    r'|FROM-clause entry for table "([^"]+)"|name "([^"]+)" specified more than once'
    r'|syntax error at or near "(.+?)"|(syntax error at end of input|unterminated'
    r"|operator does not exist|aggregate functions are not allowed"
    r"|window functions are not allowed|cannot be matched|each UNION query)"
)
# How often to poll where notifications cannot be received.
POLL_SECONDS = 0.05


class PostgresBuilderStore:
    """The warehouse in a database, for its builder."""

    transient = (
        "could not connect",
        "connection to server",
        "server closed the connection",
        "terminating connection",
        "the database system is",
        "could not extend file",
        "deadlock detected",
    )
    errors = (Problem, adbc_driver_manager.Error, OSError)

    named_in_errors = NAMED_IN_ERRORS
    dialect = "postgres"
    can_play = True

    def __init__(self) -> None:
        self._raw = Database("raw")
        self._published_schema = Database("published")
        self.at_work = WorkInDatabase(self._published_schema)
        self._lock: Connection | None = None
        self._listener: psycopg2.extensions.connection | None = None
        self.record = Record(self._published, self._ledger, HAS_RUNS)

    @contextmanager
    def only_builder(self) -> Iterator[None]:
        self._lock = Connection("raw")
        try:
            with only_builder(self._lock):
                yield
        finally:
            self._lock.close()

    def begin_build(self, connection: psycopg2.extensions.connection) -> None:
        """Begun by the first statement; dbt may have set a role before."""
        connection.commit()
        connection.set_session(ISOLATION_LEVEL_REPEATABLE_READ, autocommit=False)

    @contextmanager
    def publishing(self, invocation_id: str) -> Iterator[PostgresPublishing]:
        with self._published() as run:
            run("begin", ())
            yield PostgresPublishing(run)
            run("commit", ())

    def drop_models(self, gone: Mapping[str, str]) -> None:
        with self._published() as run:
            run("begin", ())
            run("set local lock_timeout = '1s'", ())
            drop_models(run, KINDS, gone)
            run("commit", ())

    def operations_after(
        self, documents: Mapping[str, Row]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return ()

    def position(self) -> Position:
        """Read on the connection that holds the builder's lock.

        Raises AnotherBuilder when that is lost, because another may hold the lock.
        """
        assert self._lock is not None
        try:
            if not self._lock.has_table("build_requests"):
                return Position()
            sql = (
                "select (select coalesce(max(load_id), 0) from loads) as load_id,"
                " (select coalesce(max(request_id), 0) from build_requests)"
                " as request_id"
            )
            return Position(**self._lock.rows(sql)[0])
        except WarehouseUnreachable as problem:
            raise AnotherBuilder(problem.detail) from problem

    def wait(self, seconds: float) -> bool:
        """Listen for what `Database.writing` notifies at its commit."""
        try:
            if self._listener is None:
                # Earlier commits were not notified.
                self._listener = _listening()
                return True
            if not select.select([self._listener], [], [], seconds)[0]:
                return False
            self._listener.poll()
            self._listener.notifies.clear()
        except psycopg2.Error:
            self._stop_listening()
            time.sleep(min(seconds, POLL_SECONDS))
        return True

    def prepare(self, tables: Sequence[Table]) -> None:
        prepare(self._raw, lambda run: in_place(run, Dialect()), tables)

    def before_build(self) -> None:
        """Revoke the lease of a builder that died; this is the only builder now."""
        there = "select 1 as found where to_regclass('main.dbt_lease') is not null"
        if self._raw.rows(there):
            self._raw.rows("delete from main.dbt_lease where owner = ?", [LEASE_OWNER])

    def after_build(self) -> None:
        """Nothing to do: dbt leaves nothing behind."""

    def recover(self, error: str = "") -> Recovery:
        """Connect again; the server recovers its own files."""
        if error:
            self._stop_listening()
            self._raw.close()
            self._published_schema.close()
        there = "select 1 as found where to_regclass('published.catalogue') is not null"
        return Recovery(is_whole=bool(self._raw.rows(there)))

    def is_as_left_by(self, invocation_id: str) -> bool:
        try:
            return bool(self._raw.rows(AS_LEFT_BY, [invocation_id]))
        except NotBuilt:
            return False

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    @contextmanager
    def _ledger(self) -> Iterator[Run]:
        with self._raw.connection() as connection:
            yield connection.rows

    @contextmanager
    def _published(self) -> Iterator[Run]:
        self._published_schema.make_ready()
        with self._published_schema.connection() as connection:
            bring_up_to_date(connection.rows)
            yield connection.rows


def _listening() -> psycopg2.extensions.connection:
    """A connection that receives notifications, which ADBC's driver does not."""
    connection = psycopg2.connect(ADDRESS)
    connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    with connection.cursor() as cursor:
        cursor.execute(f"listen {COMMITS}")
    return connection
