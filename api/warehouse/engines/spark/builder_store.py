"""Spark for the builder: it copies the ledger to dbt, and takes over what dbt built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from api.config import Settings
from api.warehouse.engines.server_store import Row
from api.warehouse.engines.spark.ledger import write_ledger
from api.warehouse.engines.spark.runs import (
    SparkPublishing,
    SparkRecord,
    folder_of,
    publishing,
)
from api.warehouse.engines.spark.storage import Storage
from api.warehouse.engines.spark.uploads import SharedUploads
from api.warehouse.engines.sqlite.builder_store import SqliteBuilderStore
from api.warehouse.engines.sqlite.builder_store.database import opened
from api.warehouse.engines.sqlite.builder_store.ledger import Ledger
from api.warehouse.engines.sqlite.builder_store.record import warehouse_in
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.schema import Run, Schema

# What dbt reports without a cluster, or when one ends during a build.
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

# dbt may have added punctuation, around the model's SQL or for a `ref`.
NAMED_IN_ERRORS = re.compile(
    r"\[UNRESOLVED_COLUMN[^\]]*\].*? with name (\S+) cannot be resolved"
    r"|\[TABLE_OR_VIEW_NOT_FOUND\].*? view (\S+) cannot be found"
    r"|\[UNRESOLVED_ROUTINE\].*? routine (\S+) on search path"
    r"|\[AMBIGUOUS_REFERENCE\] Reference (\S+) is ambiguous"
    r'|\[MISSING_AGGREGATION\].*? expression "(\w+)" is based'
    r"|\[PARSE_SYNTAX_ERROR\] Syntax error at or near '?([^'.: ]+|;)"
    r"|(\[(?:PARSE_|UNRESOLVED_|MISSING_GROUP_BY|WRONG_NUM_ARGS|DATATYPE_MISMATCH"
    r"|INVALID_|UNCLOSED_))"
)


class SharedLedger(Ledger):
    """The ledger in raw.db, whose rows are in the shared storage."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        super().__init__(folder)
        self._storage = storage

    def schema(self, run: Run) -> Schema:
        return Schema(run, Dialect(), SharedUploads(run, self._storage))


class SparkBuilderStore(SqliteBuilderStore):
    """The warehouse for its builder: the ledger and the published marts."""

    transient = (*SqliteBuilderStore.transient, *AWAY)
    errors = (*SqliteBuilderStore.errors, pa.ArrowException)

    named_in_errors = NAMED_IN_ERRORS
    dialect = "spark"
    can_play = False

    def __init__(self, settings: Settings) -> None:
        folder = settings.warehouse_dir
        super().__init__(folder)
        self._storage = Storage(settings.shared_place)
        self._ledger = SharedLedger(folder, self._storage)
        self._published = partial(warehouse_in, folder)
        self.record = SparkRecord(self._storage, self._published, self._raw)

    def publishing(self, invocation_id: str) -> AbstractContextManager[SparkPublishing]:
        return publishing(self._storage, self._published, invocation_id)

    def wait(self, seconds: float) -> bool:
        """Polls: nothing notifies of files in the storage."""
        super().wait(seconds)
        return True

    def drop_models(self, gone: Mapping[str, str]) -> None:
        """Nothing to do: publishing removes what earlier runs have built."""

    def operations_after(
        self, documents: Mapping[str, Row]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Views of the marts, for SQL tools."""
        folders = {
            name: folder_of(name, document["built_by"])
            for name, document in documents.items()
        }
        return (("show_marts", {"folders": folders}),)

    def before_build(self) -> None:
        super().before_build()
        with self._raw() as run:
            write_ledger(self._storage, run)

    def is_as_left_by(self, invocation_id: str) -> bool:
        """False: only the cluster knows."""
        return False

    @contextmanager
    def _raw(self) -> Iterator[Run]:
        with opened(self._folder / "raw.db") as run:
            yield run
