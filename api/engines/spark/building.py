"""Spark as the builder has it: it hands the ledger to dbt, and takes builds over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from api.config import Settings
from api.engines.spark.copies import take_over, write_ledger
from api.engines.spark.uploads import SharedUploads
from api.engines.sqlite.building import SqliteBuilding
from api.engines.sqlite.building.ledger import Ledger
from api.engines.sqlite.building.record import opened, published_of
from api.engines.sqlite.schema import Dialect
from api.raw_schema import Run, Schema
from api.shared_storage import Storage

# What dbt says while there is no cluster, or when it goes in mid-build.
AWAY = (
    "Could not connect",
    "TTransportException",
    "TSocket read 0 bytes",
    "Connection refused",
    "Connection reset",
    "Broken pipe",
    "SparkContext was shut down",
    "stopped SparkContext",
)


class SharedLedger(Ledger):
    """The ledger in raw.db, whose rows are in the shared storage."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        super().__init__(folder)
        self._storage = storage

    def schema(self, run: Run) -> Schema:
        return Schema(run, Dialect(), SharedUploads(run, self._storage))


class SparkBuilding(SqliteBuilding):
    """The warehouse for its builder, alone with its ledger and what is published."""

    transient = (*SqliteBuilding.transient, *AWAY)
    errors = (sqlite3.Error, OSError, pa.ArrowException)

    def __init__(self, settings: Settings) -> None:
        folder = settings.warehouse_dir
        super().__init__(folder, settings.project_dir)
        self._storage = Storage(settings.shared_place)
        self._ledger = SharedLedger(folder, self._storage)
        self._published = published_of(folder, settings.project_dir)

    def before_build(self) -> None:
        super().before_build()
        with self._raw() as run:
            write_ledger(self._storage, run)

    def after_build(self) -> None:
        """What dbt in a terminal has left is taken over just the same."""
        with self._published() as run:
            take_over(self._storage, run)

    def is_as_left_by(self, invocation_id: str) -> bool:
        """Only the cluster could tell."""
        return False

    def is_whole(self) -> bool:
        if not super().is_whole():
            return False
        self.after_build()
        return True

    @contextmanager
    def _raw(self) -> Iterator[Run]:
        with opened(self._folder / "raw.db") as run:
            yield run
