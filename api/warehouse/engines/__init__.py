"""The engines that can keep a warehouse, one package each.

Each has two sides: `server_store` is what processes that load rows and answer requests
ask of it, `builder_store` what the builder asks. DBT_TARGET names the engine, to dbt
and to the API alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from api.config import Settings
from api.warehouse.engines import postgres, spark, sqlite
from api.warehouse.engines.at_work import AtWork, Work
from api.warehouse.engines.builder_store import (
    LEASE_OWNER,
    AnotherBuilder,
    BuilderStore,
    Position,
    Publishing,
    Recovery,
)
from api.warehouse.engines.preparing import prepare
from api.warehouse.engines.server_store import (
    Connection,
    Database,
    Row,
    ServerStore,
    Space,
    Stamp,
    UploadedRows,
)

__all__ = [
    "LEASE_OWNER",
    "AnotherBuilder",
    "AtWork",
    "BuilderStore",
    "Connection",
    "Database",
    "Engine",
    "Position",
    "Publishing",
    "Recovery",
    "Row",
    "ServerStore",
    "Space",
    "Stamp",
    "UploadedRows",
    "Work",
    "engine_of",
    "open_builder_store",
    "open_server_store",
    "prepare",
]


class Engine(Protocol):
    """What the package of an engine defines; it loads a driver only to open a store.

    INSTEAD_OF_SNAPSHOTS says which tools copy the whole warehouse; it is empty where
    `snapshot` does.
    """

    INSTEAD_OF_SNAPSHOTS: str

    def has_warehouse(self, settings: Settings) -> bool:
        """Whether there is a warehouse, which opening it would otherwise make."""

    def never_build(self) -> None:
        """Keep out of this process what only the builder needs."""

    def open_server_store(self, settings: Settings) -> ServerStore: ...

    def open_builder_store(self, settings: Settings) -> BuilderStore: ...


ENGINES: Mapping[str, Engine] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "spark": spark,
}


def engine_of(settings: Settings) -> Engine:
    """The engine that the settings name."""
    return ENGINES[settings.dbt_target]


def open_server_store(settings: Settings) -> ServerStore:
    """The warehouse, to load rows into it and answer from it.

    Raises the problems of its engine, all in `api.errors`.
    """
    return engine_of(settings).open_server_store(settings)


def open_builder_store(settings: Settings) -> BuilderStore:
    """The warehouse, to be its builder."""
    return engine_of(settings).open_builder_store(settings)
