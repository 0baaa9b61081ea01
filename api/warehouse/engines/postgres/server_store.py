"""PostgreSQL for processes that load rows and answer requests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from api.errors import WarehouseReadOnly
from api.warehouse.engines.postgres.at_work import WorkInDatabase
from api.warehouse.engines.postgres.database import Database
from api.warehouse.engines.postgres.locks import AdvisoryLocks, builder_is_running
from api.warehouse.engines.postgres.schema import Dialect
from api.warehouse.engines.rows_in_place import RowsInPlace
from api.warehouse.engines.server_store import Connection, Space, Stamp, UploadedRows
from api.warehouse.schema import Run, Schema, in_place

SIZES = """
select nspname, cast(sum(pg_total_relation_size(pg_class.oid)) as bigint) as bytes
from pg_class
inner join pg_namespace on pg_namespace.oid = relnamespace
where nspname in ('raw', 'main', 'published') and relkind = 'r'
group by nspname
"""
CAN_WRITE = "select current_setting('transaction_read_only') = 'off' as can_write"


class PostgresServerStore:
    """The warehouse in a database; `folder` is for the server's own files."""

    packages = ("dbt-postgres", "adbc-driver-postgresql")

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.raw = Database("raw")
        self.published = Database("published")
        self.at_work = WorkInDatabase(self.published)
        self._locks = AdvisoryLocks()

    def schema(self, run: Run) -> Schema:
        return in_place(run, Dialect())

    def uploaded(self, connection: Connection) -> UploadedRows:
        return RowsInPlace(connection, Dialect())

    def key_lock(self, key: str) -> AbstractContextManager[None]:
        return self._locks.held(key)

    def builder_is_running(self) -> bool:
        with self.raw.connection() as connection:
            return builder_is_running(connection)

    def published_stamp(self) -> Stamp:
        """None: only a query can find out."""
        return None

    def space(self) -> Space:
        """Without free space, which PostgreSQL does not report."""
        sizes = self.raw.rows(SIZES)
        return Space(None, {row["nspname"]: row["bytes"] for row in sizes})

    def try_to_write(self) -> None:
        if not self.raw.rows(CAN_WRITE)[0]["can_write"]:
            raise WarehouseReadOnly("PostgreSQL is read only: a replica, perhaps.")

    def close(self) -> None:
        self.raw.close()
        self.published.close()
        self._locks.close()
