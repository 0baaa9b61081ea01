"""The warehouse, whatever engine keeps it: the ledger of loads, builds and marts."""

from __future__ import annotations

from dataclasses import dataclass

from api.config import Settings
from api.engines import Carrying, open_carrying
from api.intake import RememberedReading
from api.warehouse.builds import Build, Builds
from api.warehouse.catalogue import Metric, Served, Values
from api.warehouse.ledger import Arrival, Load
from api.warehouse.load_in_progress import LoadInProgress
from api.warehouse.marts import Answer, Marts
from api.warehouse.raw_store import RawStore
from api.warehouse.requests import KeyedRequest
from api.warehouse.standing import LEAST_FREE_BYTES, Standing, Watch
from api.warehouse.unaccepted import unaccepted_values

__all__ = [
    "LEAST_FREE_BYTES",
    "Answer",
    "Arrival",
    "Build",
    "Builds",
    "KeyedRequest",
    "Load",
    "LoadInProgress",
    "Marts",
    "Metric",
    "RawStore",
    "RememberedReading",
    "Served",
    "Standing",
    "Values",
    "Warehouse",
    "Watch",
    "open_warehouse",
    "unaccepted_values",
]


@dataclass(frozen=True)
class Warehouse:
    """What a process that carries rows needs of the warehouse."""

    engine: Carrying
    raw: RawStore
    builds: Builds
    marts: Marts
    watch: Watch

    def close(self) -> None:
        self.engine.close()


def open_warehouse(settings: Settings) -> Warehouse:
    """Open, or make, the warehouse of the settings; its tables are for `raw.prepare`.

    Raises the problems of its engine, all in `api.errors.service`.
    """
    engine = open_carrying(settings)
    return Warehouse(
        engine=engine,
        raw=RawStore(engine),
        builds=Builds(engine.published),
        marts=Marts(engine),
        watch=Watch(engine),
    )
