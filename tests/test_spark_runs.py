"""What passes between the builder and Spark: the ledger there, runs of dbt from there.

No cluster is needed: files are all that passes between the two.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.builder.judge import Judge
from api.config import CHECKOUT, Settings
from api.contract.files import Project
from api.warehouse.engines.spark import ledger
from api.warehouse.engines.spark.builder_store import SparkBuilderStore
from api.warehouse.engines.spark.ledger import write_ledger
from api.warehouse.engines.spark.storage import Storage
from api.warehouse.engines.sqlite.builder_store.database import rows
from api.warehouse.engines.sqlite.builder_store.record import warehouse_in
from api.warehouse.schema import Run

COLUMNS = [
    {"name": "year", "data_type": "integer", "description": "Year.", "meta": {}},
    {"name": "Q1", "data_type": "real", "description": "Sum.", "meta": {}},
    {"name": "open", "data_type": "boolean", "description": "Open.", "meta": {}},
]
NODE = {
    "unique_id": "model.hiring.Sums",
    "name": "Sums",
    "alias": "Sums",
    "resource_type": "model",
    "fqn": ["hiring", "marts", "Sums"],
    "config": {"materialized": "table", "meta": {"title": "Sums"}},
    "columns": {column["name"]: column for column in COLUMNS},
    "description": "Sums.",
    "original_file_path": "dbt_project/models/marts/Sums.sql",
    "raw_code": "select 1",
    "depends_on": {"nodes": []},
}


class Spark:
    """A warehouse on Spark, as its builder has it, and what dbt leaves there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        settings = Settings(
            warehouse_dir=folder,
            project_dir=CHECKOUT,
            shared_storage=f"{folder}/shared",
        )
        self.storage = Storage(settings.shared_place)
        self._judge = Judge(SparkBuilderStore(settings), Project(CHECKOUT))

    def judge(self) -> list[str]:
        return [outcome.status for outcome in self._judge.others()]

    def leave(
        self,
        number: int,
        status: str = "success",
        built_by: int = 0,
        sum_of_quarter: float = 0.5,
    ) -> None:
        """What Spark leaves of a run that builds all models, or another had built."""
        states = [
            {
                "model": "Sums",
                "invocation_id": f"run {built_by or number}",
                "last_load_id": number,
            }
        ]
        result = {
            "unique_id": "model.hiring.Sums",
            "status": status,
            "message": None,
            "failures": None,
            "seconds": 1.0,
            "failing_rows": "[]",
        }
        mart = {
            "Q1": [sum_of_quarter, None],
            "year": [number, number],
            "open": [True, False],
        }
        self._write(f"main/sums/run {number}", pa.table(mart))
        run = {
            "invocation_id": f"run {number}",
            "owner": "a terminal",
            "command": "build",
            "is_empty": 0,
            "options": "dbt build",
            "last_load_id": number,
            "last_request_id": 0,
            "states": "[]",
            "started_at": f"2026-01-0{number}T00:00:00.000Z",
            "finished_at": f"2026-01-0{number}T00:00:01.000Z",
            "states_after": json.dumps(states),
            "nodes": json.dumps({"model.hiring.Sums": NODE}),
            "results": json.dumps([result]),
        }
        self._write(f"runs/run {number}", pa.table({k: [v] for k, v in run.items()}))
        self.finish(number)

    def finish(self, number: int) -> None:
        with self.storage.writing(f"runs/run {number}/_SUCCESS"):
            pass

    def _write(self, folder: str, table: pa.Table) -> None:
        with self.storage.writing(f"{folder}/part-0.snappy.parquet") as stream:
            pq.write_table(table, stream)

    def served(self) -> list[tuple[Any, ...]]:
        return self._rows('select * from published."Sums"')

    def builds(self) -> list[tuple[Any, ...]]:
        columns = "invocation_id, status, last_load_id"
        return self._rows(f"select {columns} from published.builds order by build_id")

    def documents(self) -> dict[str, Any]:
        found = self._rows("select model, document from published.catalogue")
        return {model: json.loads(document) for model, document in found}

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with warehouse_in(self._folder) as run:
            return [tuple(row.values()) for row in run(sql, ())]


@pytest.fixture
def spark(tmp_path: Path) -> Spark:
    return Spark(tmp_path)


def test_a_run_is_judged_and_its_marts_are_copied(spark: Spark) -> None:
    spark.leave(1)
    assert spark.judge() == ["published"]
    assert spark.builds() == [("run 1", "published", 1)]
    assert spark.served() == [(1, 0.5, 1), (1, None, 0)]
    assert spark.documents()["Sums"]["contract"]["name"] == "Sums"
    assert spark.storage.folders("runs") == []
    # For the terminal that waits.
    with spark.storage.open("outcomes/run 1.parquet") as file:
        (told,) = pq.read_table(file).to_pylist()
    assert told == {"invocation_id": "run 1", "outcome": "Published Sums."}


def test_a_run_that_spark_still_writes_is_left_alone(spark: Spark) -> None:
    spark.leave(1)
    Path(spark.storage.location, "runs/run 1/_SUCCESS").unlink()
    assert spark.judge() == []
    spark.finish(1)
    assert spark.judge() == ["published"]


def test_runs_are_judged_in_their_order_and_the_newest_good_one_is_served(
    spark: Spark,
) -> None:
    spark.leave(2)
    spark.leave(1)
    spark.leave(3, status="error")
    assert spark.judge() == ["published", "published", "failed"]
    assert [build[0] for build in spark.builds()] == ["run 1", "run 2", "run 3"]
    assert spark.served()[0][0] == 2


def test_what_is_no_number_is_not_served(spark: Spark) -> None:
    spark.leave(1)
    spark.leave(2, sum_of_quarter=float("nan"))
    assert spark.judge() == ["published", "failed"]
    assert [row[0] for row in spark.served()] == [1, 1]


def test_a_run_that_was_overtaken_is_recorded_and_not_served(spark: Spark) -> None:
    spark.leave(2)
    spark.judge()
    spark.leave(1)
    assert spark.judge() == ["not_published"]
    assert spark.served()[0][0] == 2


def test_a_run_whose_model_another_rebuilt_is_not_served(spark: Spark) -> None:
    spark.leave(1)
    spark.judge()
    spark.leave(2, built_by=9)
    assert spark.judge() == ["not_published"]
    assert spark.served()[0][0] == 1


def test_marts_that_are_gone_change_nothing(spark: Spark) -> None:
    spark.leave(1)
    spark.judge()
    spark.leave(2)
    spark.storage.remove("main/sums/run 2")
    assert spark.judge() == ["not_published"]
    assert spark.served()[0][0] == 1
    assert spark.storage.folders("runs") == []


def test_what_earlier_builds_have_published_goes(spark: Spark) -> None:
    for number in range(1, 5):
        spark.leave(number)
        spark.judge()
    assert spark.storage.folders("main/sums") == ["run 3", "run 4"]


@pytest.fixture
def run() -> Iterator[Run]:
    """A ledger."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for name, schema in ledger.LEDGER.items():
        connection.execute(f"create table {name} ({', '.join(schema.names)})")
    yield partial(rows, connection)
    connection.close()


def test_each_copy_of_the_ledger_is_one_more_version(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(str(tmp_path))
    monkeypatch.setattr(ledger, "VERSIONS_KEPT", 2)
    run("insert into loads values (1, 'jobs', 'append', null, 2, 'now')", ())
    run("insert into load_spans values (1, 'jobs', 1, null)", ())
    for _ in range(4):
        write_ledger(storage, run)
    for name in ledger.LEDGER:
        kept = ["version=2", "version=3", "version=4"]
        assert storage.folders(f"ledger/{name}") == kept
    with storage.open("ledger/load_spans/version=4/part-00000.parquet") as file:
        (span,) = pq.read_table(file).to_pylist()
    assert span == {"load_id": 1, "table_name": "jobs", "from_id": 1, "until_id": None}
