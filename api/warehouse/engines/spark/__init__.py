"""Spark: rows and models in storage that a cluster shares; the cluster builds models.

The ledger and the published marts are SQLite files, as on the default engine;
`server_store` and `builder_store` add the shared storage. Only dbt talks to Spark.
"""

from __future__ import annotations

from api.config import Settings
from api.warehouse.engines.builder_store import BuilderStore
from api.warehouse.engines.server_store import ServerStore
from api.warehouse.engines.sqlite import has_warehouse, never_build

__all__ = [
    "INSTEAD_OF_SNAPSHOTS",
    "has_warehouse",
    "never_build",
    "open_builder_store",
    "open_server_store",
]

INSTEAD_OF_SNAPSHOTS = (
    "A snapshot would hold the ledger without its rows, which are in SHARED_STORAGE."
    " Stop the servers and copy both: the folder WAREHOUSE_DIR and SHARED_STORAGE. Or"
    " take a `backup`, which holds every table as it stands."
)


def open_server_store(settings: Settings) -> ServerStore:
    """The warehouse for processes that load rows and answer requests."""
    from api.warehouse.engines.spark.server_store import SparkServerStore

    return SparkServerStore(settings.warehouse_dir, settings.shared_place)


def open_builder_store(settings: Settings) -> BuilderStore:
    """The warehouse for the builder."""
    from api.warehouse.engines.spark.builder_store import SparkBuilderStore

    return SparkBuilderStore(settings)
