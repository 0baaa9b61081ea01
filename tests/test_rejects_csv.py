"""Rejects as a file: whoever mends it in an editor can upload that very file again."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from flask.testing import FlaskClient
from support.sending import upload

HIRES = "hired_employees"
COLUMNS = ["id", "name", "datetime", "department_id", "job_id"]


def rejects(client: FlaskClient, load_id: int = 1) -> list[dict[str, str]]:
    answer = client.get(f"/loads/{load_id}/rejects?format=csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_the_file_has_the_tables_columns_then_the_line_and_the_reasons(
    client: FlaskClient,
) -> None:
    upload(client, b"1,Ann,2021-01-01,1,1\n,Bob,2021-02-30,1,x\n", table=HIRES)
    (row,) = rejects(client)
    assert list(row) == [*COLUMNS, "_line", "_reasons"]
    assert row["name"] == "Bob" and row["_line"] == "2"
    assert row["_reasons"].count(";") == 2
    assert "id is required but empty" in row["_reasons"]


@pytest.mark.parametrize("how", ["format=csv", "accept"])
def test_it_is_a_download(client: FlaskClient, how: str) -> None:
    upload(client, b"1,Sales\nx,Legal\n")
    headers = {"Accept": "text/csv"} if how == "accept" else {}
    query = f"?{how}" if how != "accept" else ""
    answer = client.get(f"/loads/1/rejects{query}", headers=headers)
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="departments-load-1-rejects.csv"'
    assert pd.read_csv(io.BytesIO(answer.data))["department"].tolist() == ["Legal"]


FILES = {
    "no header": b'1,Ann,2021-01-01,1,1\nx,"Li, Bo ""B""",2021-01-01,1,1\n',
    "header": b"id,name,datetime,department_id,job_id\n"
    b'x,"Li, Bo ""B""",2021-01-01,1,1\n1,Ann,2021-01-01,1,1\n',
    "another order": b"job_id,datetime,NAME,department_id,id\n"
    b'1,2021-01-01,"Li, Bo ""B""",1,x\n1,2021-01-01,Ann,1,1\n',
    "windows": b"id,name,datetime,department_id,job_id\r\n"
    b'x,"Li, Bo ""B""",2021-01-01,1,1\r\n1,Ann,2021-01-01,1,1\r\n',
}


@pytest.mark.parametrize("content", FILES.values(), ids=list(FILES))
def test_the_mended_file_uploads_again(client: FlaskClient, content: bytes) -> None:
    body = upload(client, content, table=HIRES).json
    assert (body["loaded"], body["rejected"]) == (1, 1)
    (row,) = rejects(client)
    assert row["name"] == 'Li, Bo "B"'
    text = client.get("/loads/1/rejects?format=csv").text
    mended = text.replace("\nx,", "\n2,").encode()
    again = upload(client, mended, table=HIRES).json
    assert (again["loaded"], again["rejected"]) == (1, 0)


def test_a_line_break_and_every_letter_survive_the_round(client: FlaskClient) -> None:
    name = 'Zoë\n"☃", 日本'
    sent = io.StringIO()
    csv.writer(sent).writerows(
        [[1, "ok", "2021-01-01", 1, 1], ["x", name, "2021-01-01", 1, 1]]
    )
    upload(client, sent.getvalue().encode(), table=HIRES)
    (row,) = rejects(client)
    assert row["name"] == name


def test_the_same_file_unmended_is_rejected_for_the_same_reasons(
    client: FlaskClient,
) -> None:
    upload(client, b"1,Sales\nx,Legal\n3,\n")
    file = client.get("/loads/1/rejects?format=csv").data
    again = upload(client, file + b"9,New,,\n").json
    assert (again["loaded"], again["rejected"]) == (1, 2)
    first, second = rejects(client, 1), rejects(client, again["load_id"])
    told = [[row["_reasons"] for row in rows] for rows in (first, second)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b"7,Ann", ["7", "Ann", "", "", ""]),
        (b"7,Ann,2021-01-01,1,1,6,7", ["7", "Ann", "2021-01-01", "1", "1,6,7"]),
        (b"7", ["7", "", "", "", ""]),
    ],
)
def test_a_row_of_another_width_loses_nothing(
    client: FlaskClient, row: bytes, cells: list[str]
) -> None:
    upload(client, b"1,Ann,2021-01-01,1,1\n" + row + b"\n", table=HIRES)
    (found,) = rejects(client)
    assert [found[name] for name in COLUMNS] == cells


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ([True, "Sales"], ["true", "Sales"]),
        ([1, None], ["1", ""]),
        ([1, "Sales", 3], ["1", "Sales,3"]),
        ({"department": "Sales"}, ["", "Sales"]),
        ({"id": 1.5, "department": "Ä, B"}, ["1.5", "Ä, B"]),
        ("neither", ["neither", ""]),
        ({"id": 2, "department": {"a": [1]}}, ["2", '{"a": [1]}']),
    ],
)
def test_a_batchs_rejects_are_a_file_too(
    client: FlaskClient, row: object, cells: list[str]
) -> None:
    body = {"table_name": "departments", "data": [[9, "Good"], row]}
    headers = {"Prefer": "respond-async"}
    assert client.post("/insert_batch", json=body, headers=headers).status_code == 202
    (found,) = rejects(client)
    assert [found["id"], found["department"], found["_line"]] == [*cells, "2"]


def test_thousands_of_rejects_are_all_in_the_file(client: FlaskClient) -> None:
    rows = b"0,Good\n" + b"".join(b"x%d,Bad\n" % n for n in range(2_500))
    upload(client, rows)
    found = rejects(client)
    assert [row["id"] for row in found] == [f"x{n}" for n in range(2_500)]


@pytest.mark.parametrize(
    ("query", "accept", "status", "code"),
    [
        ("?format=xml", "", 400, "bad_parameter"),
        ("", "image/png", 406, "not_acceptable"),
    ],
)
def test_another_format_is_told_which_there_are(
    client: FlaskClient, query: str, accept: str, status: int, code: str
) -> None:
    upload(client, b"1,Sales\nx,Legal\n")
    headers = {"Accept": accept} if accept else {}
    answer = client.get(f"/loads/1/rejects{query}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "csv" in answer.json["detail"]
