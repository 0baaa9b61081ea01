"""SQLite: the default engine, three files in a folder and no server.

Whoever carries rows does so through ADBC, the builder and dbt through `sqlite3`: two
copies of SQLite, which must not meet in one process (see `guard`).
"""

from __future__ import annotations

from api.config import Settings
from api.warehouse.engines.builder_store import Building
from api.warehouse.engines.server_store import Carrying

INSTEAD_OF_SNAPSHOTS = ""


def exists(settings: Settings) -> bool:
    return (settings.warehouse_dir / "raw.db").exists()


def only_carry() -> None:
    from api.warehouse.engines.sqlite.guard import keep_sqlite3_out

    keep_sqlite3_out()


def to_carry(settings: Settings) -> Carrying:
    """The warehouse for processes that carry rows."""
    from api.warehouse.engines.sqlite.server_store import SqliteWarehouse

    return SqliteWarehouse(settings.warehouse_dir)


def to_build(settings: Settings) -> Building:
    """The warehouse for the builder."""
    from api.warehouse.engines.sqlite.builder_store import SqliteBuilding

    return SqliteBuilding(settings.warehouse_dir)
