"""Uploaded rows as Parquet files, on a file system and on an object store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.contract import Column, Table
from api.warehouse.engines.spark.storage import (
    Storage,
    TableFiles,
    contents,
    newest_rows,
    reading,
    without_columns,
)

TABLE = Table(
    "people",
    "",
    (
        Column("id", "integer", "", required=True),
        Column("name", "text", ""),
        Column("active", "boolean", ""),
        Column("born", "date", ""),
        Column("height", "real", ""),
    ),
    ("id",),
)


@pytest.fixture(params=["folder", "object store"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> TableFiles:
    # For an object store stands what pyarrow keeps in memory.
    place = str(tmp_path) if request.param == "folder" else "mock://bucket/prefix"
    return TableFiles(Storage(place), TABLE)


def rows(load_id: int, *values: Sequence[Any]) -> pa.RecordBatch:
    first = (load_id << 32) + 1
    ids, names = zip(*values, strict=True) if values else ((), ())
    return pa.record_batch(
        {
            "_row": pa.array(range(first, first + len(values)), pa.int64()),
            "id": pa.array(ids, pa.int64()),
            "name": pa.array(names, pa.string()),
            "active": pa.array([1] * len(ids), pa.int64()),
            "born": pa.array(["2021-01-01"] * len(ids), pa.string()),
            "height": pa.array([None] * len(ids), pa.float64()),
        }
    )


def store(files: TableFiles, load_id: int, *blocks: pa.RecordBatch) -> None:
    file = files.load(load_id)
    for block in blocks:
        file.append(block)
    file.finish()


def names(files: TableFiles, *load_ids: int) -> list[tuple[int, str]]:
    count, parts = newest_rows(files, load_ids)
    found = [(r["id"], r["name"]) for part in parts for r in part.to_pylist()]
    assert count == len(found)
    return found


def test_a_load_is_one_file_with_the_columns_of_the_contract(files: TableFiles) -> None:
    store(files, 1, rows(1, (1, "Ada"), (2, "Ben")))
    with files.parquet(1) as parquet:
        assert parquet.schema_arrow.remove_metadata() == pa.schema(
            [
                ("id", pa.int64()),
                ("name", pa.string()),
                ("active", pa.bool_()),
                ("born", pa.string()),
                ("height", pa.float64()),
                ("_row", pa.int64()),
            ]
        )
        group = parquet.metadata.row_group(0)
        assert group.column(0).compression == "ZSTD"
        assert parquet.read().column("_row").to_pylist() == [1 << 32 | 1, 1 << 32 | 2]


def test_a_load_without_rows_is_a_file_all_the_same(files: TableFiles) -> None:
    store(files, 1)
    assert files.load_ids() == [1]
    assert names(files, 1) == []


def test_an_abandoned_load_leaves_no_file(files: TableFiles) -> None:
    file = files.load(1)
    file.append(rows(1, (1, "Ada")))
    file.abandon()
    assert not files.storage.exists(files.file(1))


def test_nothing_stands_in_its_place_before_it_is_whole(tmp_path: Path) -> None:
    files = TableFiles(Storage(str(tmp_path)), TABLE)
    file = files.load(1)
    file.append(rows(1, (1, "Ada")))
    assert files.load_ids() == []
    file.finish()
    found = [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()]
    assert found == [Path("raw/people/load-1.parquet")]


def test_a_load_takes_the_place_of_one_that_was_broken_off(files: TableFiles) -> None:
    store(files, 1, rows(1, (1, "Ada"), (2, "Ben")))
    store(files, 1, rows(1, (3, "Cem")))
    assert names(files, 1) == [(3, "Cem")]


def test_the_newest_row_of_each_key_among_the_loads_that_count(
    files: TableFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 2)
    store(files, 1, rows(1, (1, "Ada"), (2, "Ben"), (3, "Cem"), (4, "Dan"), (5, "Eve")))
    store(files, 2, rows(2, (2, "Bea")), rows(2, (6, "Fay"), (4, "Dee")))
    store(files, 10, rows(10, (1, "Abe")))
    assert names(files, 1, 2, 10) == [
        *((3, "Cem"), (5, "Eve"), (2, "Bea"), (6, "Fay"), (4, "Dee"), (1, "Abe"))
    ]
    assert names(files, 10, 1) == [
        *((2, "Ben"), (3, "Cem"), (4, "Dan"), (5, "Eve"), (1, "Abe"))
    ]
    assert names(files) == []


def test_rows_come_as_intake_hands_them_out(files: TableFiles) -> None:
    store(files, 1, rows(1, (1, "Ada")))
    (part,) = newest_rows(files, [1])[1]
    assert part.schema.field("active").type == pa.int64()
    assert part.drop_columns("_row").to_pylist() == [
        {"id": 1, "name": "Ada", "active": 1, "born": "2021-01-01", "height": None}
    ]


def test_a_column_that_came_later_has_no_value_in_earlier_loads(
    files: TableFiles,
) -> None:
    store(files, 1, rows(1, (1, "Ada")))
    later = Table("people", "", (*TABLE.columns, Column("team", "text", "")), ("id",))
    (part,) = newest_rows(TableFiles(files.storage, later), [1])[1]
    assert part.column("team").to_pylist() == [None]


def test_rows_and_values_are_counted_without_reading_them(files: TableFiles) -> None:
    store(files, 1, rows(1, (1, "Ada"), (2, None)))
    store(files, 2, rows(2, (3, "Cem")))
    counted = contents(files, [1, 2])
    assert counted.rows == 3
    assert counted.values == {"id": 3, "name": 2, "active": 3, "born": 3, "height": 0}
    assert contents(files, [2]).rows == 1


def test_a_column_without_values_can_be_taken_out(files: TableFiles) -> None:
    store(files, 1, rows(1, (1, "Ada"), (2, "Ben")))
    without_columns(files, 1, ["height"])
    with files.parquet(1) as parquet:
        assert "height" not in parquet.schema_arrow.names
    assert names(files, 1) == [(1, "Ada"), (2, "Ben")]


def test_what_is_written_is_flushed_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr("os.fsync", lambda _: done.append("flush"))
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    store(TableFiles(Storage(str(tmp_path)), TABLE), 1, rows(1, (1, "Ada")))
    assert done[:2] == ["flush", "rename"]
    assert done.count("flush") > 2  # the folders, too


def test_a_failure_while_writing_keeps_what_was_there(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    with storage.writing("ledger/loads.parquet") as stream:
        pq.write_table(pa.table({"load_id": [1]}), stream)
    with pytest.raises(ZeroDivisionError), storage.writing("ledger/loads.parquet"):
        raise ZeroDivisionError
    with storage.open("ledger/loads.parquet") as file:
        assert pq.read_table(file).to_pydict() == {"load_id": [1]}


def test_spark_is_told_of_an_object_store_without_its_options() -> None:
    storage = Storage("s3://b/p/?endpoint_override=localhost:9000&region=here")
    assert storage.location == "s3://b/p"
