"""Spark: rows and models in storage that a cluster shares, models made by the cluster.

The ledger and what is published stay beside the API, in SQLite files as on the default
engine; `carrying` and `building` add to it what is shared. Only dbt talks to Spark.
"""

from __future__ import annotations

from api.config import Settings
from api.warehouse.engines.builder_store import Building
from api.warehouse.engines.server_store import Carrying
from api.warehouse.engines.sqlite import exists, only_carry

__all__ = ["INSTEAD_OF_SNAPSHOTS", "exists", "only_carry", "to_build", "to_carry"]

INSTEAD_OF_SNAPSHOTS = (
    "A snapshot would hold the ledger without its rows, which are in SHARED_STORAGE."
    " Stop the servers and copy both: the folder WAREHOUSE_DIR and SHARED_STORAGE. Or"
    " take a `backup`, which holds every table as it stands."
)


def to_carry(settings: Settings) -> Carrying:
    """The warehouse for processes that carry rows."""
    from api.warehouse.engines.spark.server_store import SparkWarehouse

    return SparkWarehouse(settings.warehouse_dir, settings.shared_place)


def to_build(settings: Settings) -> Building:
    """The warehouse for the builder."""
    from api.warehouse.engines.spark.builder_store import SparkBuilding

    return SparkBuilding(settings)
