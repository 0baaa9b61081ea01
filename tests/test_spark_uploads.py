"""Uploads on Spark, as far as they need no Spark: rows are files, the ledger is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.config import Settings
from api.contract import Column, Table
from api.errors import ContractError
from api.warehouse.ledger import LoadSummary
from api.warehouse.raw_store import RawStore
from api.warehouse.warehouse import open_warehouse

ID = Column("id", "integer", "", required=True)
TABLE = Table("people", "", (ID, Column("note", "text", "")), ("id",))


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[RawStore]:
    settings = Settings(dbt_target="spark", warehouse_dir=tmp_path)
    warehouse = open_warehouse(settings)
    warehouse.raw.prepare([TABLE])
    yield warehouse.raw
    warehouse.close()


def batch(table: Table, *rows: tuple[object, ...]) -> pa.RecordBatch:
    columns = dict(
        zip(table.column_names, map(list, zip(*rows, strict=True)), strict=True)
    )
    types = {"integer": pa.int64(), "text": pa.string()}
    return pa.record_batch(
        [pa.array(columns[c.name], types[c.data_type]) for c in table.columns],
        names=list(table.column_names),
    )


def load(raw: RawStore, *rows: tuple[object, ...], table: Table = TABLE) -> int:
    with raw.loading(table) as pending:
        pending.append(batch(table, *rows))
        return pending.finish(LoadSummary("batch", len(rows), 0)).load_id


def newest(raw: RawStore, table: Table = TABLE) -> list[tuple[object, ...]]:
    with raw.moment() as moment, moment.newest(table) as (_, parts):
        columns = list(table.column_names)
        return [
            tuple(row.values())
            for part in parts
            for row in part.select(columns).to_pylist()
        ]


def files(folder: Path) -> list[str]:
    found = (folder / "shared").rglob("*")
    return sorted(str(p.relative_to(folder / "shared")) for p in found if p.is_file())


def test_a_load_is_a_file_and_an_undo_is_none(raw: RawStore, tmp_path: Path) -> None:
    load(raw, (1, "Ada"), (2, "Ben"))
    second = load(raw, (1, "Abe"))
    assert newest(raw) == [(2, "Ben"), (1, "Abe")]
    raw.undo(second)
    assert newest(raw) == [(1, "Ada"), (2, "Ben")]
    assert files(tmp_path) == [
        "raw/people/load-1.parquet",
        "raw/people/load-2.parquet",
    ]


def test_a_load_that_breaks_off_leaves_nothing(raw: RawStore, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), raw.loading(TABLE) as pending:
        pending.append(batch(TABLE, (1, "Ada")))
        raise ZeroDivisionError
    assert files(tmp_path) == []
    with raw.loading(TABLE) as pending:
        pending.append(batch(TABLE, (1, "Ada")))
        pending.abandon()
    assert files(tmp_path) == []
    assert raw.loads(10, 99) == []


def test_a_file_without_an_entry_does_not_count(raw: RawStore) -> None:
    """As a crash leaves it between the file's rename and the ledger's commit."""
    with pytest.raises(ZeroDivisionError), raw.loading(TABLE) as pending:
        pending.append(batch(TABLE, (1, "lost")))
        pending.finish(LoadSummary("batch", 1, 0))
        raise ZeroDivisionError
    assert newest(raw) == []
    assert load(raw, (2, "Ben")) == 1
    assert newest(raw) == [(2, "Ben")]


def test_no_file_keeps_a_column_of_another_type(raw: RawStore, tmp_path: Path) -> None:
    """Not that of a load that was broken off either: Spark opens all of a folder."""
    load(raw, (1, None))
    with pytest.raises(ZeroDivisionError), raw.loading(TABLE) as pending:
        pending.append(batch(TABLE, (2, "lost")))
        pending.finish(LoadSummary("batch", 1, 0))
        raise ZeroDivisionError
    raw.prepare([replace(TABLE, columns=(ID, Column("note", "integer", "")))])
    paths = [tmp_path / "shared" / name for name in files(tmp_path)]
    assert [pq.read_schema(path).names for path in paths] == [["id", "_row"]] * 2


def test_a_column_without_values_may_come_back_as_another_type(raw: RawStore) -> None:
    load(raw, (1, None))
    changed = replace(TABLE, columns=(ID, Column("note", "integer", "")))
    raw.prepare([changed])
    load(raw, (2, 5), table=changed)
    assert newest(raw, changed) == [(1, None), (2, 5)]


def test_a_change_that_would_lose_values_is_refused(raw: RawStore) -> None:
    load(raw, (1, "Ada"))
    for columns in ((ID,), (ID, Column("note", "integer", ""))):
        with pytest.raises(ContractError, match="1 stored"):
            raw.prepare([replace(TABLE, columns=columns)])
    assert newest(raw) == [(1, "Ada")]
