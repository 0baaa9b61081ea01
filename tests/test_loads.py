"""The two doors over HTTP: what comes in, what is refused, what the ledger keeps."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from werkzeug.test import TestResponse

HEADERS = {"Prefer": "respond-async"}
DEPARTMENTS = b"1,Sales\n2,Legal\n"


def upload(
    client: FlaskClient, content: bytes, table: str = "departments", name: str = "d.csv"
) -> TestResponse:
    form = {"csv_file": (io.BytesIO(content), name), "table_name": table}
    return client.post("/upload_csv", data=form, headers=HEADERS)


def batch(client: FlaskClient, data: Any, table: Any = "departments") -> TestResponse:
    body = {"table_name": table, "data": data}
    return client.post("/insert_batch", json=body, headers=HEADERS)


def ledger(client: FlaskClient) -> list[dict[str, Any]]:
    loads: list[dict[str, Any]] = client.get("/loads").json
    return loads


def test_a_file_is_counted_and_entered_in_the_ledger(client: FlaskClient) -> None:
    answer = upload(client, DEPARTMENTS)
    assert answer.status_code == 202
    body = answer.json
    assert (body["received"], body["loaded"], body["rejected"]) == (2, 2, 0)
    assert body["build"]["status"] == "pending"
    assert answer.headers["Location"] == f"/loads/{body['load_id']}"
    entry = client.get(answer.headers["Location"]).json
    assert (entry["table"], entry["file_name"]) == ("departments", "d.csv")


def test_a_reject_names_line_column_reason_and_raw_row(client: FlaskClient) -> None:
    body = upload(client, b"1,Sales\nx,Legal\n3,\n").json
    assert (body["received"], body["loaded"], body["rejected"]) == (3, 1, 2)
    first, second = body["rejects"]
    assert (first["line"], first["column"], first["code"]) == (
        2,
        "id",
        "not_an_integer",
    )
    assert first["raw"] == "x,Legal"
    assert (second["line"], second["column"], second["code"]) == (
        3,
        "department",
        "missing_value",
    )


def test_every_defect_of_a_row_is_told(client: FlaskClient) -> None:
    rows = b"1,Ann,2021-01-01,1,1\n,,2021-02-30,x,\n"
    reject = upload(client, rows, "hired_employees").json["rejects"][0]
    assert [error["column"] for error in reject["errors"]] == [
        "id",
        "name",
        "datetime",
        "department_id",
        "job_id",
    ]


def test_rejects_are_kept_and_paged(client: FlaskClient) -> None:
    rows = b"0,Good\n" + b"".join(b"x%d,Bad\n" % n for n in range(45))
    body = upload(client, rows).json
    assert body["rejected"] == 45 and len(body["rejects"]) == 20
    page, lines = f"{body['rejects_url']}?limit=30", []
    while page:
        answer = client.get(page).json
        lines += [reject["line"] for reject in answer["rejects"]]
        page = answer["next"]
    assert lines == list(range(2, 47))


def test_the_same_file_again_is_the_load_it_already_is(client: FlaskClient) -> None:
    first = upload(client, DEPARTMENTS).json
    again = upload(client, DEPARTMENTS, name="copy.csv").json
    zipped = upload(client, gzip.compress(DEPARTMENTS, mtime=0)).json
    assert again["already_loaded"] and zipped["already_loaded"]
    assert again["load_id"] == zipped["load_id"] == first["load_id"]
    assert len(ledger(client)) == 1
    other_table = upload(client, DEPARTMENTS, "jobs").json
    assert not other_table["already_loaded"]


def test_a_refused_file_leaves_no_trace(client: FlaskClient) -> None:
    good = b"".join(b"%d,Some department\n" % n for n in range(60_000))
    answer = upload(client, gzip.compress(good + b"\xff\xfe\n", mtime=0))
    assert (answer.status_code, answer.json["code"]) == (400, "not_utf8")
    assert f"Byte {len(good):,}" in answer.json["detail"]
    assert ledger(client) == []
    assert client.get("/tables/departments").json["rows_loaded"] == 0
    assert upload(client, DEPARTMENTS).json["load_id"] == 1


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty_file"),
        (b"\n\n\n", 422, "empty_file"),
        (b"id,department\n", 422, "empty_file"),
        (b"foo,bar\n1,Sales\n", 422, "unknown_header"),
        (b"id,departmnt\n1,Sales\n", 422, "header_mismatch"),
        (b"id\n1\n", 422, "header_mismatch"),
        (b"1x,Sales\n,Legal\n", 422, "no_usable_row"),
        (b"1,Caf\xe9\n", 400, "not_utf8"),
        (b"1,Sa\x00les\n", 400, "binary_content"),
        (b"PK\x03\x04\x14\x00\x06\x00", 400, "unreadable_file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 400, None),
        (b'1,Sales,x\n2,"Legal\n3,"Support\n', 422, "no_usable_row"),
        (gzip.compress(DEPARTMENTS, mtime=0)[:-9], 400, "broken_gzip"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(
    client: FlaskClient, content: bytes, status: int, code: str | None
) -> None:
    answer = upload(client, content)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert code in (None, answer.json["code"])
    assert ledger(client) == []


def test_an_unknown_table_is_told_the_known_ones(client: FlaskClient) -> None:
    for answer in (
        upload(client, DEPARTMENTS, "deparments"),
        batch(client, [[1]], "x"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_table")
        assert "departments, jobs, hired_employees" in answer.json["detail"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"table_name": "departments"},
        {"csv_file": (io.BytesIO(DEPARTMENTS), "d.csv")},
        {"table_name": "departments", "csv_file": "1,Sales"},
    ],
)
def test_a_missing_field_is_named(client: FlaskClient, form: dict[str, Any]) -> None:
    answer = client.post("/upload_csv", data=form)
    assert (answer.status_code, answer.json["code"]) == (400, "missing_field")


@pytest.mark.parametrize("field", ["tablename", "format"])
def test_a_field_that_means_nothing_is_refused_not_ignored(
    client: FlaskClient, field: str
) -> None:
    file = (io.BytesIO(DEPARTMENTS), "d.csv")
    form = {"csv_file": file, "table_name": "departments", field: "replace"}
    body = {"table_name": "departments", "data": [[1, "Sales"]], field: "replace"}
    for answer in (
        client.post("/upload_csv", data=form),
        client.post("/insert_batch", json=body),
        client.post("/insert_batch", data={**body, "data": "[]"}),
    ):
        assert (answer.status_code, answer.json["code"]) == (
            400,
            "undeclared_parameter",
        )
        assert "table_name" in answer.json["declared"]
    assert ledger(client) == []


def test_rows_may_be_arrays_or_objects(client: FlaskClient) -> None:
    body = batch(client, [[1, "Sales"], {"department": "Legal", "id": 2}]).json
    assert (body["received"], body["loaded"], body["rejected"]) == (2, 2, 0)


def test_a_batch_may_come_as_form_fields(client: FlaskClient) -> None:
    form = {"table_name": "departments", "data": json.dumps([[1, "Sales"]])}
    assert client.post("/insert_batch", data=form, headers=HEADERS).json["loaded"] == 1


def test_three_bad_rows_of_ten_are_told_and_seven_loaded(client: FlaskClient) -> None:
    rows: list[Any] = [[n, f"Department {n}"] for n in range(10)]
    rows[2], rows[5], rows[9] = [2, None], "not a row", [True, "Sales"]
    body = batch(client, rows).json
    assert (body["received"], body["loaded"], body["rejected"]) == (10, 7, 3)
    assert [reject["line"] for reject in body["rejects"]] == [3, 6, 10]


@pytest.mark.parametrize(("rows", "loaded"), [(1, 1), (1000, 1000)])
def test_a_batch_may_hold_1_to_1000_rows(
    client: FlaskClient, rows: int, loaded: int
) -> None:
    assert batch(client, [[n, "x"] for n in range(rows)]).json["loaded"] == loaded


@pytest.mark.parametrize("rows", [0, 1001])
def test_a_batch_of_another_size_is_refused(client: FlaskClient, rows: int) -> None:
    answer = batch(client, [[n, "x"] for n in range(rows)])
    assert (answer.status_code, answer.json["code"]) == (422, "batch_size")
    assert ledger(client) == []


@pytest.mark.parametrize("data", [{"id": 1}, "1,Sales", 7, None, True])
def test_data_that_is_no_array_is_refused(client: FlaskClient, data: Any) -> None:
    answer = batch(client, data)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'{"table_name": 5, "data": []}',
        b"\xff",
        b"[" * 100_000,
        b'{"table_name": "jobs", "data": [[' + b"9" * 5000 + b', "x"]]}',
    ],
)
def test_a_body_that_is_no_batch_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/insert_batch", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("absent", ["table_name", "data"])
def test_a_missing_member_is_named(client: FlaskClient, absent: str) -> None:
    body = {"table_name": "jobs", "data": [[1, "x"]]}
    del body[absent]
    answer = client.post("/insert_batch", json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "missing_field")
    assert absent in answer.json["detail"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "not_an_integer"),
        (1.5, "not_an_integer"),
        ("1.5", "not_an_integer"),
        (10**29, "integer_out_of_range"),
        ([1], "not_an_integer"),
        (None, "missing_value"),
    ],
)
def test_a_value_of_another_type_is_a_reject(
    client: FlaskClient, value: Any, code: str
) -> None:
    body = batch(client, [[1, "Sales"], [value, "Legal"]]).json
    assert body["rejects"][0]["code"] == code


@pytest.mark.parametrize(
    "when",
    [
        "2021-02-30",
        "2021-13-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "yesterday",
    ],
)
def test_an_impossible_time_is_a_reject(client: FlaskClient, when: str) -> None:
    rows = [[1, "Ann", "2021-01-01", 1, 1], [2, "Ben", when, 1, 1]]
    body = batch(client, rows, "hired_employees").json
    assert body["loaded"] == 1
    assert body["rejects"][0]["code"] == "not_a_timestamp"


def test_an_id_twice_in_one_file_is_a_reject(client: FlaskClient) -> None:
    body = upload(client, b"1,Sales\n2,Legal\n1,Selling\n").json
    assert body["loaded"] == 2
    assert (body["rejects"][0]["line"], body["rejects"][0]["code"]) == (
        3,
        "repeated_id",
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/loads/99", 404),
        ("GET", "/loads/99/rejects", 404),
        ("GET", "/builds/99", 404),
        ("GET", "/tables/nothing", 404),
        ("GET", "/upload_csv", 405),
        ("DELETE", "/metrics", 405),
        ("GET", "/loads?limit=0", 400),
        ("GET", "/loads?limit=x", 400),
        ("GET", "/builds?before=-1", 400),
        ("GET", "/loads?since=1", 400),
    ],
)
def test_every_error_has_one_shape(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == answer.json["status"] == status
    assert answer.content_type == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} <= set(answer.json)


def test_the_ledger_is_paged_newest_first(client: FlaskClient) -> None:
    for n in range(5):
        batch(client, [[n, "x"]])
    newest = client.get("/loads?limit=2").json
    older = client.get("/loads?limit=9&before=4").json
    assert [load["load_id"] for load in newest] == [5, 4]
    assert [load["load_id"] for load in older] == [3, 2, 1]


def test_tables_tell_their_contract_and_their_loads(client: FlaskClient) -> None:
    upload(client, DEPARTMENTS)
    tables = {table["name"]: table for table in client.get("/tables").json}
    assert tables["departments"]["rows_loaded"] == 2
    assert tables["jobs"]["loads"] == 0
    hires = tables["hired_employees"]
    assert [column["data_type"] for column in hires["columns"]] == [
        "integer",
        "text",
        "timestamp",
        "integer",
        "integer",
    ]
    assert all(column["required"] for column in hires["columns"])


LATER_RELEASE = """
import json, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as raw:
    raw.execute("alter table loads add column later text default 'x'")
    for name, text in raw.execute("select table_name, document from contracts"):
        document = json.loads(text)
        document["columns"][0]["later"] = ["x"]
        told = [json.dumps(document), name]
        raw.execute("update contracts set document = ? where table_name = ?", told)
"""


def test_what_a_later_release_has_added_is_no_obstacle(warehouse: Path) -> None:
    with open_client(warehouse) as client:
        load_id = upload(client, DEPARTMENTS).json["load_id"]
    # In a process of its own: in this one the file is open through ADBC.
    command = [sys.executable, "-c", LATER_RELEASE, warehouse / "raw.db"]
    subprocess.run(command, check=True)
    with open_client(warehouse) as rolled_back:
        assert rolled_back.get(f"/loads/{load_id}").json["load_id"] == load_id
        assert upload(rolled_back, DEPARTMENTS).json["already_loaded"]
