"""The warehouse of the default engine: three SQLite files in one folder.

raw.db is written here, main.db and published.db by dbt alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.warehouse.builds import Build, Builds
from api.warehouse.faults import named
from api.warehouse.guard import keep_sqlite3_out_of
from api.warehouse.marts import Answer, Marts, Metric, Served
from api.warehouse.raw_store import Load, RawStore
from api.warehouse.requests import KeyedRequest

__all__ = [
    "Answer",
    "Build",
    "Builds",
    "KeyedRequest",
    "Load",
    "Marts",
    "Metric",
    "RawStore",
    "Served",
    "Warehouse",
    "open_warehouse",
]


@dataclass(frozen=True)
class Warehouse:
    """What a process that carries rows needs of the warehouse."""

    folder: Path
    raw: RawStore
    builds: Builds
    marts: Marts

    def close(self) -> None:
        self.raw.close()
        self.builds.close()
        self.marts.close()


def open_warehouse(folder: Path) -> Warehouse:
    """Open, or make, the warehouse in `folder`; its tables are for `raw.prepare`.

    Raises WarehouseReadOnly, StorageFull and WarehouseDamaged.
    """
    with named(folder):
        folder.mkdir(parents=True, exist_ok=True)
        keep_sqlite3_out_of(folder)
        return Warehouse(folder, RawStore(folder), Builds(folder), Marts(folder))
