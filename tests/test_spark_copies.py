"""What the builder copies on Spark: the ledger to where Spark reads, builds from there.

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

from api.config import CHECKOUT
from api.engines.spark import copies
from api.engines.spark.copies import take_over, write_ledger
from api.engines.sqlite.building.record import rows
from api.plain_macros import plain_macros
from api.raw_schema import Run
from api.shared_storage import Storage

COLUMNS = [
    {"name": "year", "data_type": "integer"},
    {"name": "Q1", "data_type": "real"},
    {"name": "open", "data_type": "boolean"},
]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path))


@pytest.fixture
def run() -> Iterator[Run]:
    """A ledger, and an empty record of builds."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("attach ':memory:' as published")
    builds = plain_macros(CHECKOUT, "sqlite/builds_table").sqlite__builds_table()
    connection.execute(builds)
    for name, schema in copies.LEDGER.items():
        connection.execute(f"create table {name} ({', '.join(schema.names)})")
    yield partial(rows, connection)
    connection.close()


def leave(storage: Storage, number: int, **changes: Any) -> None:
    """What Spark leaves of a build."""
    table = f"sums__{number}"
    documents = {
        "Sums": {"table": table, "contract": {"name": "Sums", "columns": COLUMNS}}
    }
    build = {
        "invocation_id": f"run {number}",
        "status": "published",
        "started_at": f"2026-01-0{number}T00:00:00.000Z",
        "finished_at": f"2026-01-0{number}T00:00:01.000Z",
        "last_load_id": number,
        "last_request_id": 0,
        "steps": "[]",
        "failures": "[]",
        "marts": '["sums"]',
        "documents": json.dumps(documents),
    }
    mart = {"Q1": [0.5, None], "year": [number, number], "open": [True, False]}
    write(storage, f"published/{table}/part-0.snappy.parquet", pa.table(mart))
    record = pa.table({k: [v] for k, v in (build | changes).items()})
    write(storage, f"builds/run {number}/part-0.snappy.parquet", record)
    finish(storage, number)


def write(storage: Storage, name: str, table: pa.Table) -> None:
    with storage.writing(name) as stream:
        pq.write_table(table, stream)


def finish(storage: Storage, number: int) -> None:
    with storage.writing(f"builds/run {number}/_SUCCESS"):
        pass


def served(run: Run) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in run('select * from published."Sums"', ())]


def builds(run: Run) -> list[tuple[Any, ...]]:
    sql = "select invocation_id, status, last_load_id from published.builds"
    return [tuple(row.values()) for row in run(f"{sql} order by build_id", ())]


def test_a_build_is_recorded_and_its_marts_are_copied(
    storage: Storage, run: Run
) -> None:
    leave(storage, 1)
    take_over(storage, run)
    assert builds(run) == [("run 1", "published", 1)]
    assert served(run) == [(1, 0.5, 1), (1, None, 0)]
    (row,) = run("select * from published.catalogue", ())
    assert row["model"] == "Sums"
    assert json.loads(row["document"])["contract"]["columns"] == COLUMNS
    # Here the mart has its own name.
    assert "table" not in json.loads(row["document"])
    assert storage.folders("builds") == []


def test_a_record_that_spark_still_writes_is_left_alone(
    storage: Storage, run: Run
) -> None:
    leave(storage, 1)
    Path(storage.location, "builds/run 1/_SUCCESS").unlink()
    take_over(storage, run)
    assert builds(run) == []
    finish(storage, 1)
    take_over(storage, run)
    assert builds(run) == [("run 1", "published", 1)]


def test_of_several_builds_the_newest_good_one_is_served(
    storage: Storage, run: Run
) -> None:
    leave(storage, 2)
    leave(storage, 1)
    storage.remove("published/sums__1")
    leave(storage, 3, status="failed", documents="{}", marts="[]")
    take_over(storage, run)
    assert [build[0] for build in builds(run)] == ["run 1", "run 2", "run 3"]
    assert served(run)[0][0] == 2


def test_a_build_that_was_overtaken_is_recorded_and_not_served(
    storage: Storage, run: Run
) -> None:
    leave(storage, 2)
    take_over(storage, run)
    leave(storage, 1)
    take_over(storage, run)
    assert [build[0] for build in builds(run)] == ["run 2", "run 1"]
    assert served(run)[0][0] == 2


def test_a_build_is_taken_over_once(storage: Storage, run: Run) -> None:
    leave(storage, 1)
    take_over(storage, run)
    leave(storage, 1)
    take_over(storage, run)
    assert len(builds(run)) == 1


def test_marts_that_cannot_be_read_change_nothing(storage: Storage, run: Run) -> None:
    leave(storage, 1)
    take_over(storage, run)
    leave(storage, 2)
    storage.remove("published/sums__2")
    with pytest.raises(FileNotFoundError):
        take_over(storage, run)
    assert served(run)[0][0] == 1
    assert storage.folders("builds") == ["run 2"]


def test_each_copy_of_the_ledger_is_one_more_version(
    storage: Storage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "VERSIONS_KEPT", 2)
    run("insert into loads values (1, 'jobs', 'append', null, 2, 'now')", ())
    run("insert into load_spans values (1, 'jobs', 1, null)", ())
    for _ in range(4):
        write_ledger(storage, run)
    for name in copies.LEDGER:
        kept = ["version=2", "version=3", "version=4"]
        assert storage.folders(f"ledger/{name}") == kept
    with storage.open("ledger/load_spans/version=4/part-00000.parquet") as file:
        (span,) = pq.read_table(file).to_pylist()
    assert span == {"load_id": 1, "table_name": "jobs", "from_id": 1, "until_id": None}
