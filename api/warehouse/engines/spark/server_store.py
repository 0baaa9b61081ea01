"""Spark for processes that load rows: the ledger and the published marts as on SQLite,
the uploaded rows in the shared storage."""

from __future__ import annotations

from pathlib import Path

from api.warehouse.engines.server_store import Connection, UploadedRows
from api.warehouse.engines.spark.storage import Storage
from api.warehouse.engines.spark.uploads import SharedRows, SharedUploads, reached
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.engines.sqlite.server_store import SqliteServerStore
from api.warehouse.schema import Run, Schema


class SparkServerStore(SqliteServerStore):
    """The warehouse in a folder, and at a place that a cluster shares."""

    packages = ("dbt-spark", "adbc-driver-sqlite")

    def __init__(self, folder: Path, place: str) -> None:
        super().__init__(folder)
        self._storage = Storage(place)

    def schema(self, run: Run) -> Schema:
        return Schema(run, Dialect(), SharedUploads(run, self._storage))

    def uploaded(self, connection: Connection) -> UploadedRows:
        return SharedRows(connection, self._storage)

    def try_to_write(self) -> None:
        super().try_to_write()
        with reached(self._storage):
            self._storage.try_to_write()
