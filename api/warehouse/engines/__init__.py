"""The engines that can keep a warehouse, one package each.

Each has two sides: `model` says what it gives to processes that bring rows and answer
from them, `building` what to the builder. Which engine it is, DBT_TARGET says, to dbt
and to us alike.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from api.config import Settings
from api.errors import Conflict
from api.warehouse.engines.at_work import AtWork, Work
from api.warehouse.engines.builder_store import (
    LEASE_OWNER,
    AnotherBuilder,
    Building,
    Publishing,
)
from api.warehouse.engines.preparing import prepare
from api.warehouse.engines.server_store import (
    Carrying,
    Connection,
    Database,
    Position,
    Row,
    Space,
    Stamp,
    UploadedRows,
)

__all__ = [
    "LEASE_OWNER",
    "AnotherBuilder",
    "AtWork",
    "Building",
    "Carrying",
    "Connection",
    "Database",
    "Position",
    "Publishing",
    "Row",
    "Space",
    "Stamp",
    "UploadedRows",
    "Work",
    "check_snapshots",
    "only_carry",
    "open_building",
    "open_carrying",
    "prepare",
    "warehouse_exists",
]


def open_carrying(settings: Settings) -> Carrying:
    """The warehouse, to carry rows to it and answer from it.

    Raises the problems of its engine, all in `api.errors`.
    """
    found: Carrying = _engine(settings).to_carry(settings)
    return found


def open_building(settings: Settings) -> Building:
    """The warehouse, to be its builder."""
    found: Building = _engine(settings).to_build(settings)
    return found


def warehouse_exists(settings: Settings) -> bool:
    """Whether there is a warehouse already, which opening it would otherwise make."""
    return bool(_engine(settings).exists(settings))


def check_snapshots(settings: Settings) -> None:
    """Raise Conflict where tools of the engine's own copy a whole warehouse."""
    instead = _engine(settings).INSTEAD_OF_SNAPSHOTS
    if instead:
        raise Conflict(instead)


def only_carry(settings: Settings) -> None:
    """This process will never build: keep out of it what only the builder needs."""
    _engine(settings).only_carry()


def _engine(settings: Settings) -> Any:
    return import_module(f"api.warehouse.engines.{settings.dbt_target}")
