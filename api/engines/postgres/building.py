"""PostgreSQL as the builder has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_manager

from api.contract import Table
from api.engines.model import LEASE_OWNER, AnotherBuilder, Position
from api.engines.postgres.database import Connection, Database
from api.engines.postgres.locks import only_builder
from api.engines.postgres.schema import Dialect
from api.engines.preparing import prepare
from api.engines.record import Record
from api.errors import Problem, WarehouseUnreachable
from api.plain_macros import plain_macros
from api.raw_schema import Run, in_place


class PostgresBuilding:
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

    def __init__(self, project: Path) -> None:
        self._raw = Database("raw")
        self._published_schema = Database("published")
        self._lock: Connection | None = None
        macros = plain_macros(project, "postgres/builds_table")
        self._builds_table: str = macros.postgres__builds_table()
        self.record = Record(self._published, self._ledger)

    @contextmanager
    def only_builder(self) -> Iterator[None]:
        self._lock = Connection("raw")
        try:
            with only_builder(self._lock):
                yield
        finally:
            self._lock.close()

    def position(self) -> Position:
        """Asked by the connection that makes us the builder.

        Raises AnotherBuilder when that is lost, for then another may be the builder.
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

    def prepare(self, tables: Sequence[Table]) -> None:
        prepare(self._raw, lambda c: in_place(c.rows, Dialect()), tables)

    def before_build(self) -> None:
        """Take back the lease of a builder that died: the only one now is us."""
        there = "select 1 as found where to_regclass('main.dbt_lease') is not null"
        if self._raw.rows(there):
            self._raw.rows("delete from main.dbt_lease where owner = ?", [LEASE_OWNER])

    def after_build(self) -> None:
        """All that dbt leaves is where it belongs."""

    def hints_at_damage(self, message: str) -> bool:
        """What its server keeps is its server's to mend."""
        return False

    def mend(self) -> bool:
        return False

    def beyond_mending(self) -> str | None:
        return None

    def is_whole(self) -> bool:
        there = "select 1 as found where to_regclass('published.catalogue') is not null"
        return bool(self._raw.rows(there))

    def release(self) -> None:
        self._raw.close()
        self._published_schema.close()

    @contextmanager
    def _ledger(self) -> Iterator[Run]:
        with self._raw.connection() as connection:
            yield connection.rows

    @contextmanager
    def _published(self) -> Iterator[Run]:
        self._published_schema.make_ready()
        with self._published_schema.connection() as connection:
            if not connection.has_table("builds"):
                connection.rows(self._builds_table)
            yield connection.rows
