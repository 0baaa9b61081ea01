"""The warehouse of the default engine: three SQLite files in one folder.

raw.db is written here, main.db and published.db by dbt alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.warehouse.builds import Build, Builds
from api.warehouse.guard import keep_sqlite3_out_of
from api.warehouse.marts import Answer, Marts, Metric, Served
from api.warehouse.raw_store import Load, RawStore
from api.warehouse.requests import KeyedRequest
from api.warehouse.standing import LEAST_FREE_BYTES, Standing, Watch

__all__ = [
    "LEAST_FREE_BYTES",
    "Answer",
    "Build",
    "Builds",
    "KeyedRequest",
    "Load",
    "Marts",
    "Metric",
    "RawStore",
    "Served",
    "Standing",
    "Warehouse",
    "Watch",
    "open_warehouse",
]


@dataclass(frozen=True)
class Warehouse:
    """What a process that carries rows needs of the warehouse."""

    folder: Path
    raw: RawStore
    builds: Builds
    marts: Marts
    watch: Watch

    def close(self) -> None:
        self.raw.close()
        self.builds.close()
        self.marts.close()
        self.watch.close()


def open_warehouse(folder: Path) -> Warehouse:
    """Open, or make, the warehouse in `folder`; its tables are for `raw.prepare`."""
    folder.mkdir(parents=True, exist_ok=True)
    keep_sqlite3_out_of(folder)
    return Warehouse(
        folder, RawStore(folder), Builds(folder), Marts(folder), Watch(folder)
    )
