"""SQLite: the default engine, three files in a folder and no server.

The server's processes use ADBC, the builder and dbt use `sqlite3`: two copies of
SQLite, which must not meet in one process (see `guard`).
"""

from __future__ import annotations

from api.config import Settings
from api.warehouse.engines.builder_store import BuilderStore
from api.warehouse.engines.server_store import ServerStore

INSTEAD_OF_SNAPSHOTS = ""


def has_warehouse(settings: Settings) -> bool:
    return (settings.warehouse_dir / "raw.db").exists()


def never_build() -> None:
    from api.warehouse.engines.sqlite.guard import keep_sqlite3_out

    keep_sqlite3_out()


def open_server_store(settings: Settings) -> ServerStore:
    """The warehouse for processes that load rows and answer requests."""
    from api.warehouse.engines.sqlite.server_store import SqliteServerStore

    return SqliteServerStore(settings.warehouse_dir)


def open_builder_store(settings: Settings) -> BuilderStore:
    """The warehouse for the builder."""
    from api.warehouse.engines.sqlite.builder_store import SqliteBuilderStore

    return SqliteBuilderStore(settings.warehouse_dir)
