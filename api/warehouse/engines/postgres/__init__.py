"""PostgreSQL: one database on a server, for any number of API processes and builders.

The variables of PostgreSQL's own tools name the database: PGHOST, PGPORT, PGUSER,
PGPASSWORD, PGDATABASE and the rest. Schema raw is written here, main and published by
dbt.
"""

from __future__ import annotations

from api.config import Settings
from api.warehouse.engines.builder_store import BuilderStore
from api.warehouse.engines.server_store import ServerStore

INSTEAD_OF_SNAPSHOTS = (
    "This warehouse is a PostgreSQL database, which pg_dump copies as of one moment"
    " while it is written: `pg_dump -Fc -f hiring.dump`. To go back to it, stop the"
    " servers and run `pg_restore --clean --if-exists -d $PGDATABASE hiring.dump`."
)


def has_warehouse(settings: Settings) -> bool:
    """Looks without creating a schema."""
    return True


def never_build() -> None:
    """Nothing to keep out: both sides use the same driver."""


def open_server_store(settings: Settings) -> ServerStore:
    """The warehouse for processes that load rows and answer requests."""
    from api.warehouse.engines.postgres.server_store import PostgresServerStore

    return PostgresServerStore(settings.warehouse_dir)


def open_builder_store(settings: Settings) -> BuilderStore:
    """The warehouse for the builder."""
    from api.warehouse.engines.postgres.builder_store import PostgresBuilderStore

    return PostgresBuilderStore()
