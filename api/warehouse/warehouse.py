"""The warehouse as opened by processes that load rows and answer requests."""

from __future__ import annotations

from dataclasses import dataclass

from api.config import Settings
from api.warehouse.builds import Builds
from api.warehouse.engines import ServerStore, open_server_store
from api.warehouse.raw_store import RawStore
from api.warehouse.stats import StatsReader


@dataclass(frozen=True)
class Warehouse:
    """What those processes need of the warehouse."""

    engine: ServerStore
    raw: RawStore
    builds: Builds
    stats: StatsReader

    def close(self) -> None:
        self.engine.close()


def open_warehouse(settings: Settings) -> Warehouse:
    """Open, or make, the warehouse of the settings; its tables are for `raw.prepare`.

    Raises the problems of its engine, all in `api.errors`.
    """
    engine = open_server_store(settings)
    return Warehouse(
        engine=engine,
        raw=RawStore(engine),
        builds=Builds(engine.published),
        stats=StatsReader(engine),
    )
