"""The warehouse of the default engine: three SQLite files in one folder.

raw.db is written here, main.db and published.db by dbt alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from api.occupancy import occupy
from api.warehouse.builds import Build, Builds
from api.warehouse.guard import keep_sqlite3_out_of
from api.warehouse.ledger import Arrival, Load
from api.warehouse.marts import Answer, Marts, Metric, Served
from api.warehouse.raw_store import RawStore
from api.warehouse.requests import KeyedRequest
from api.warehouse.snapshot import Snapshot, restore_snapshot, take_snapshot
from api.warehouse.standing import LEAST_FREE_BYTES, Standing, Watch

__all__ = [
    "LEAST_FREE_BYTES",
    "Answer",
    "Arrival",
    "Build",
    "Builds",
    "KeyedRequest",
    "Load",
    "Marts",
    "Metric",
    "RawStore",
    "Served",
    "Snapshot",
    "Standing",
    "Warehouse",
    "Watch",
    "open_warehouse",
    "restore_snapshot",
    "take_snapshot",
]


@dataclass(frozen=True)
class Warehouse:
    """What a process that carries rows needs of the warehouse."""

    folder: Path
    raw: RawStore
    builds: Builds
    marts: Marts
    watch: Watch
    occupancy: IO[bytes]

    def close(self) -> None:
        self.raw.close()
        self.builds.close()
        self.marts.close()
        self.watch.close()
        self.occupancy.close()


def open_warehouse(folder: Path) -> Warehouse:
    """Open, or make, the warehouse in `folder`; its tables are for `raw.prepare`.

    Raises WarehouseBusy while it is being put back from a snapshot.
    """
    occupancy = occupy(folder)
    keep_sqlite3_out_of(folder)
    return Warehouse(
        folder=folder,
        raw=RawStore(folder),
        builds=Builds(folder),
        marts=Marts(folder),
        watch=Watch(folder),
        occupancy=occupancy,
    )
