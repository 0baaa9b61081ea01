"""The runs that dbt on Spark has recorded in the shared storage, and publishing them.

    runs/<invocation>/             the record of a run, until it is judged
    main/<model>/<invocation>/     a model as one run built it, never changed
    outcomes/<invocation>.parquet  the outcome of a run, for a waiting terminal

Rows are served from a copy in published.db.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.warehouse.engines.names import quoted
from api.warehouse.engines.record import Opened, Record
from api.warehouse.engines.server_store import Row
from api.warehouse.engines.spark.storage import Storage
from api.warehouse.engines.sqlite.builder_store.publishing import SqlitePublishing
from api.warehouse.schema import Run

ROWS_AT_ONCE = 10_000
RUNS, OUTCOMES = "runs", "outcomes"
# How many published builds keep their files.
BUILDS_KEPT = 2
# A run that takes longer has died.
LEFT_SECONDS = 86_400.0

States = dict[str, tuple[str, int]]


class SparkRecord(Record):
    """The record of builds in published.db, and the runs in the shared storage."""

    def __init__(self, storage: Storage, published: Opened, ledger: Opened) -> None:
        super().__init__(published, ledger, "")
        self._storage = storage

    def waiting_runs(self) -> list[Row]:
        found = [
            recorded_run(self._storage, name)
            for name in self._storage.folders(RUNS)
            if self._storage.exists(f"{RUNS}/{name}/_SUCCESS")
        ]
        return sorted(found, key=lambda run: str(run["finished_at"]))

    def results_of(self, invocation_id: str) -> list[Row]:
        results: list[Row] = json.loads(
            recorded_run(self._storage, invocation_id)["results"]
        )
        return results


class SparkPublishing(SqlitePublishing):
    """One transaction on published.db; the files of a run do not change."""

    def __init__(self, run: Run, storage: Storage, invocation_id: str) -> None:
        super().__init__(run)
        self._storage = storage
        self._recorded = recorded_run(storage, invocation_id)
        self.current = states_in(self._recorded["states_after"])
        self.outcome = ""

    def states(self, marts: Sequence[str]) -> States:
        """The states when the run ended.

        None if a later run is published already, or the files are gone.
        """
        sql = (
            "select 1 as later from published.builds"
            " where status = 'published' and finished_at > ?"
        )
        if self._run(sql, [self._recorded["finished_at"]]):
            return {}
        built = [folder_of(m, self.current[m][0]) for m in marts if m in self.current]
        return self.current if all(map(self._storage.exists, built)) else {}

    def _put(
        self, documents: Mapping[str, Row], invocation_id: str
    ) -> Mapping[str, str]:
        for name, document in documents.items():
            document["built_by"] = self.current[name][0]
        return super()._put(documents, invocation_id)

    def record(self, build: Mapping[str, Any]) -> None:
        super().record(build)
        self.outcome = str(build["outcome"])

    def _fill(self, mart: str, columns: Sequence[str]) -> None:
        marks = ", ".join("?" * len(columns))
        sql = f"insert into published.{quoted(mart)} values ({marks})"
        for part in _parquet(self._storage, folder_of(mart, self.current[mart][0])):
            for batch in part.iter_batches(ROWS_AT_ONCE, columns=list(columns)):
                values = [_found(column).to_pylist() for column in batch.columns]
                for row in zip(*values, strict=True):
                    self._run(sql, row)


@contextmanager
def publishing(
    storage: Storage, published: Opened, invocation_id: str
) -> Iterator[SparkPublishing]:
    """All or nothing; marks the run as judged."""
    with published() as run:
        run("begin", ())
        try:
            at_work = SparkPublishing(run, storage, invocation_id)
            yield at_work
            run("commit", ())
        except BaseException:
            run("rollback", ())
            raise
    outcome = {"invocation_id": [invocation_id], "outcome": [at_work.outcome]}
    with storage.writing(f"{OUTCOMES}/{invocation_id}.parquet") as stream:
        pq.write_table(pa.table(outcome), stream)
    storage.remove(f"{RUNS}/{invocation_id}")
    with published() as run:
        _tidy_up(storage, run, {built_by for built_by, _ in at_work.current.values()})


def _tidy_up(storage: Storage, run: Run, current: set[str]) -> None:
    """Remove the files of earlier runs, all of which are judged.

    The current models stay, and what the last builds published, which may still be
    read. Files of a run that died are removed when they are old.
    """
    judged = {
        row["id"] for row in run("select invocation_id as id from published.builds", ())
    }
    last = "where status = 'published' order by build_id desc limit ?"
    served = run(
        f"select invocation_id as id from published.builds {last}", [BUILDS_KEPT]
    )
    kept = current | {row["id"] for row in served}
    for model in storage.folders("main"):
        for invocation_id in storage.folders(f"main/{model}"):
            folder = f"main/{model}/{invocation_id}"
            if invocation_id in kept:
                continue
            if invocation_id in judged or storage.age(folder) > LEFT_SECONDS:
                storage.remove(folder)


def recorded_run(storage: Storage, invocation_id: str) -> Row:
    """The row that dbt recorded of a run."""
    (part,) = _parquet(storage, f"{RUNS}/{invocation_id}")
    (row,) = part.read().to_pylist()
    found: Row = row
    return found


def states_in(text: str) -> States:
    """By model: the run that built it, and the newest load in it."""
    return {
        state["model"]: (state["invocation_id"], state["last_load_id"])
        for state in json.loads(text)
    }


def folder_of(model: str, invocation_id: str) -> str:
    """The folder of a model that a run built. Spark lowercases names of tables."""
    return f"main/{model.lower()}/{invocation_id}"


def _found(column: pa.Array) -> pa.Array:
    """NaN becomes infinity: SQLite would store it as null, without an error."""
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_nan(column), math.inf, column)


def _parquet(storage: Storage, folder: str) -> Iterator[pq.ParquetFile]:
    for name in storage.files(folder):
        if name.endswith(".parquet"):
            with pq.ParquetFile(storage.open(f"{folder}/{name}")) as part:
                yield part
