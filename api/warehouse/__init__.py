"""The warehouse of the default engine: three SQLite files in one folder.

raw.db is written here, main.db and published.db by dbt alone.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from api.errors import WarehouseDamaged
from api.occupancy import occupy
from api.warehouse.builds import Build, Builds
from api.warehouse.catalogue import Metric, Served, Values
from api.warehouse.database import Database
from api.warehouse.faults import named
from api.warehouse.guard import keep_sqlite3_out_of
from api.warehouse.ledger import Arrival, Load
from api.warehouse.marts import Answer, Marts
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
    "Values",
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

    Raises WarehouseReadOnly, StorageFull and WarehouseDamaged, and WarehouseBusy while
    it is being put back from a snapshot.
    """
    with named(folder):
        occupancy = occupy(folder)
        keep_sqlite3_out_of(folder)
        _refuse_lost_loads(folder)
        return Warehouse(
            folder=folder,
            raw=RawStore(folder),
            builds=Builds(folder),
            marts=Marts(folder),
            watch=Watch(folder),
            occupancy=occupancy,
        )


def _refuse_lost_loads(folder: Path) -> None:
    """A new raw.db beside marts of loads would number its own loads like those."""
    with closing(Builds(folder)) as builds, closing(Database(folder / "raw.db")) as raw:
        newest = builds.newest_load_id()
        if newest == 0 or (raw.path.exists() and _has_loads(raw)):
            return
        raise WarehouseDamaged(
            f"{raw.path} is gone or empty, but load {newest} was published. It holds"
            " the uploaded rows: put the newest snapshot back. To begin anew, empty the"
            " folder."
        )


def _has_loads(raw: Database) -> bool:
    if not raw.rows("select 1 from sqlite_master where name = 'loads'"):
        return False
    return bool(raw.rows("select 1 from loads limit 1"))
