"""The warehouse as a process opens it that carries rows."""

from __future__ import annotations

from dataclasses import dataclass

from api.config import Settings
from api.warehouse.builds import Builds
from api.warehouse.engines import Carrying, open_carrying
from api.warehouse.raw_store import RawStore
from api.warehouse.stats import StatsReader


@dataclass(frozen=True)
class Warehouse:
    """What a process that carries rows needs of the warehouse."""

    engine: Carrying
    raw: RawStore
    builds: Builds
    stats: StatsReader

    def close(self) -> None:
        self.engine.close()


def open_warehouse(settings: Settings) -> Warehouse:
    """Open, or make, the warehouse of the settings; its tables are for `raw.prepare`.

    Raises the problems of its engine, all in `api.errors`.
    """
    engine = open_carrying(settings)
    return Warehouse(
        engine=engine,
        raw=RawStore(engine),
        builds=Builds(engine.published),
        stats=StatsReader(engine),
    )
