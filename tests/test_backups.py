"""A table out as Avro and in again, by HTTP and by command; nothing lost on the way."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fastavro
import pandas as pd
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.ledger import counting, upload
from support.recompute import read_seeds
from support.server import run_command

from api.config import CHECKOUT
from api.contract import Column, Table
from api.errors import NotAvro, RowTooLong
from api.formats.avro import write_avro
from api.intake import AvroFile, avro_file

EVERY_TYPE = Table(
    "things",
    "One of each type.",
    (
        Column("id", "integer", "The number.", required=True),
        Column("said", "text", "A text."),
        Column("size", "real", "A size."),
        Column("good", "boolean", "Whether it is good."),
        Column("born", "date", "A day."),
        Column("seen", "timestamp", "A moment."),
    ),
    ("id",),
)
THINGS = [
    {"id": 1, "said": "é\n\"'", "size": 0.1, "good": 1, "born": "2021-02-28"}
    | {"seen": "2021-02-03T04:05:06.5Z"},
    {"id": 2, "said": None, "size": None, "good": None, "born": None, "seen": None},
    {"id": -(2**63), "said": "a", "size": -1e300, "good": 0, "born": "0001-01-01"}
    | {"seen": "9999-12-31T23:59:59.999999Z"},
    {"id": 2**63 - 1, "said": "=1+1", "size": 1.0, "good": 0, "born": "9999-12-31"}
    | {"seen": "0001-01-01T00:00:00Z"},
]


def avro_of(rows: list[dict[str, Any]], table: Table = EVERY_TYPE) -> bytes:
    file = io.BytesIO()
    write_avro(table, [pa.Table.from_pylist(rows)], len(rows), file)
    return file.getvalue()


def read(content: bytes, table: Table = EVERY_TYPE) -> list[Any]:
    blocks = list(AvroFile(table, io.BytesIO(content)))
    assert not any(block.rejects for block in blocks)
    return [row for block in blocks for row in block.rows.to_pylist()]


# The file


def test_every_type_comes_back_as_it_was() -> None:
    assert read(avro_of(THINGS)) == THINGS


def test_other_tools_see_dates_and_moments() -> None:
    first = next(iter(fastavro.reader(io.BytesIO(avro_of(THINGS)))))
    assert first["born"].isoformat() == "2021-02-28"
    assert first["seen"].isoformat() == "2021-02-03T04:05:06.500000+00:00"


@pytest.mark.parametrize("blocks", ["one", "many"])
def test_a_file_cut_at_any_byte_is_refused(
    monkeypatch: pytest.MonkeyPatch, blocks: str
) -> None:
    if blocks == "many":
        monkeypatch.setattr("api.formats.avro.BLOCK_BYTES", 1)
    whole = avro_of(THINGS)
    for size in range(len(whole)):
        with pytest.raises(NotAvro):
            read(whole[:size])


def foreign(records: list[dict[str, Any]], fields: list[Any], codec: str) -> bytes:
    file = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": fields}
    fastavro.writer(file, fastavro.parse_schema(schema), records, codec=codec)
    return file.getvalue()


def test_a_block_that_unpacks_to_more_than_is_taken_is_refused() -> None:
    text = "x" * (avro_file.MOST_BLOCK_BYTES + 1)
    fields = [{"name": "said", "type": "string"}]
    packed = foreign([{"said": text}], fields, "deflate")
    assert len(packed) < 1_000_000
    with pytest.raises(NotAvro, match="unpacked"):
        read(packed)
    with pytest.raises(NotAvro, match="a block of"):
        read(foreign([{"said": text}], fields, "null"))


def test_values_of_other_kinds_are_told_like_any_others() -> None:
    fields = [
        {"name": "id", "type": "long"},
        {"name": "said", "type": {"type": "map", "values": "bytes"}},
    ]
    content = foreign([{"id": 1, "said": {"a": b"b"}}], fields, "null")
    (block,) = AvroFile(EVERY_TYPE, io.BytesIO(content))
    (reject,) = block.rejects
    assert (reject.line, reject.defects[0].code) == (1, "not_text")


def test_an_id_that_comes_twice_in_a_file_is_told_across_its_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(avro_file, "RECORDS_AT_ONCE", 2)
    content = avro_of([*THINGS, THINGS[0]])
    rejects = [
        reject
        for block in AvroFile(EVERY_TYPE, io.BytesIO(content))
        for reject in block.rejects
    ]
    assert [(r.line, r.defects[0].code) for r in rejects] == [(5, "repeated_id")]


def test_a_row_that_is_too_long_is_told_by_its_place_in_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(avro_file, "RECORDS_AT_ONCE", 2)
    long = THINGS[0] | {"id": 9, "said": "x" * (2 << 20)}
    with pytest.raises(RowTooLong, match="Row 5 is longer"):
        read(avro_of([*THINGS, long]))


# By HTTP


def backup(client: FlaskClient, table: str) -> bytes:
    with client.get(f"/tables/{table}/backup") as answer:
        assert answer.status_code == 200
        named = f"attachment; filename={table}.avro"
        assert answer.headers["Content-Disposition"] == named
        return bytes(answer.data)


def test_a_backup_holds_the_newest_row_of_each_id_that_counts(
    client: FlaskClient,
) -> None:
    upload(client, "jobs", [(1, "Clerk"), (2, "Baker")])
    upload(client, "jobs", [(2, "Cook"), (3, "Driver")])
    upload(client, "jobs", [(1, "Undone")])
    client.delete("/loads/3")
    records = list(fastavro.reader(io.BytesIO(backup(client, "jobs"))))
    assert sorted(records, key=lambda r: r["id"]) == [
        {"id": 1, "job": "Clerk"},
        {"id": 2, "job": "Cook"},
        {"id": 3, "job": "Driver"},
    ]


def test_a_restore_is_a_replacement_that_can_be_undone(client: FlaskClient) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    file = backup(client, "jobs")
    upload(client, "jobs", [(2, "Baker")])
    url = "/tables/jobs/restore"
    told: Any = client.post(url, data=file, content_type="application/avro").json
    assert (told["mode"], told["source"], told["loaded"]) == ("replace", "avro", 1)
    assert counting(client) == [3]
    again: Any = client.post(url, data=file).json
    assert (again["already_loaded"], again["load_id"]) == (True, 3)
    client.delete("/loads/3")
    assert counting(client) == [1, 2]


def test_a_backup_of_an_empty_table_empties_it(client: FlaskClient) -> None:
    file = backup(client, "jobs")
    upload(client, "jobs", [(1, "Clerk")])
    told: Any = client.post("/tables/jobs/restore", data=file).json
    assert (told["received"], counting(client)) == (0, [2])


def test_a_restore_is_all_or_nothing_unless_it_is_asked_to_be_lenient(
    client: FlaskClient,
) -> None:
    fields = [{"name": "id", "type": "long"}, {"name": "job", "type": "string"}]
    rows = [{"id": 1, "job": "Clerk"}, {"id": 2, "job": ""}]
    file = foreign(rows, fields, "deflate")
    refused = client.post("/tables/jobs/restore", data=file)
    assert (refused.status_code, refused.json["code"]) == (422, "rows_rejected")
    assert refused.json["errors"][0]["line"] == 2
    assert client.get("/loads").json == []
    headers = {"Prefer": "handling=lenient"}
    taken: Any = client.post("/tables/jobs/restore", data=file, headers=headers)
    assert (taken.json["loaded"], taken.json["rejected"]) == (1, 1)
    assert taken.headers["Preference-Applied"] == "handling=lenient"
    mend = client.get("/loads/1/rejects?format=csv").text
    assert mend.splitlines()[1].startswith("2,,2,")


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/avro", 400, "not_avro"),
        (b"id,job\n1,Clerk\n", "application/octet-stream", 400, "not_avro"),
        (b"id,job\n1,Clerk\n", "text/csv", 415, "unsupported_media_type"),
    ],
)
def test_what_is_no_backup_is_refused(
    client: FlaskClient, content: bytes, kind: str, status: int, code: str
) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    answer = client.post("/tables/jobs/restore", data=content, content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert counting(client) == [1]


def test_a_dry_run_of_a_restore_stores_nothing(client: FlaskClient) -> None:
    upload(client, "jobs", [(1, "Clerk")])
    file = backup(client, "jobs")
    told: Any = client.post("/tables/jobs/restore?dry_run=true", data=file).json
    assert (told["dry_run"], told["loaded"]) == (True, 1)
    assert len(client.get("/loads").json) == 1


# By command


def test_all_tables_go_into_a_folder_and_into_another_warehouse(
    warehouse: Path, tmp_path: Path
) -> None:
    """By command alone; tests/engines/test_commands.py builds after a restore."""
    seeds = sorted(map(str, (CHECKOUT / "seeds").glob("*.csv")))
    assert run_command(warehouse, "load", "--no-build", *seeds).returncode == 0
    folder = tmp_path / "backups"
    made = run_command(warehouse, "backup", str(folder))
    assert made.returncode == 0, made.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "departments.avro",
        "hired_employees.avro",
        "jobs.avro",
    ]
    other = tmp_path / "other"
    done = run_command(other, "restore", "--no-build", str(folder))
    assert done.returncode == 0, done.stderr
    assert "received 2000, loaded 2000, rejected 0" in done.stdout
    with open_client(other) as client:
        for table, rows in read_seeds(CHECKOUT / "seeds").items():
            records = list(fastavro.reader(io.BytesIO(backup(client, table))))
            # The sample's moments have no fraction and end in Z.
            found = pd.DataFrame(records).sort_values("id", ignore_index=True)
            if table == "hired_employees":
                rows["datetime"] = pd.to_datetime(rows["datetime"], utc=True)
            expected = rows.sort_values("id", ignore_index=True)
            assert found.to_dict("records") == expected.to_dict("records")


def test_undo_from_the_command_line(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text("1,Clerk\n")
    run_command(warehouse, "load", "--no-build", str(tmp_path / "jobs.csv"))
    done = run_command(warehouse, "undo", "1", "--no-build")
    assert done.returncode == 0, done.stderr
    assert "Load 1 is taken out of jobs by entry 2" in done.stdout
    assert "`undo 2` undoes that" in done.stdout
    missing = run_command(warehouse, "undo", "9", "--no-build")
    assert missing.returncode == 1
    assert "There is no load 9" in missing.stderr
    with open_client(warehouse) as client:
        assert counting(client) == []
        assert client.get("/loads/2").json["actor"] == "command line"


def test_a_restore_of_a_folder_without_backups_says_so(
    warehouse: Path, tmp_path: Path
) -> None:
    done = run_command(warehouse, "restore", str(tmp_path))
    assert done.returncode == 1
    assert "There is no *.avro" in done.stderr
