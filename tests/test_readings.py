"""How files are read: told, said, asked and remembered, over HTTP."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

GERMAN = (
    "Nr.;Mitarbeiter;Eingestellt am;Abteilung;Stelle\r\n"
    "9001;Jürgen;27.07.2021 16:02;1;2\r\n"
    "9002;Zoë;03.08.2021 09:30;2;1\r\n"
).encode("cp1252")
MAPPED = {
    "Nr.": "id",
    "Mitarbeiter": "name",
    "Eingestellt am": "datetime",
    "Abteilung": "department_id",
    "Stelle": "job_id",
}
SAID = {"encoding": "windows-1252", "columns": json.dumps(MAPPED)}


def send(
    client: FlaskClient,
    content: bytes,
    table: str | None = "hired_employees",
    **fields: str,
) -> TestResponse:
    form = {"csv_file": (io.BytesIO(content), "file.csv"), **fields}
    if table:
        form["table_name"] = table
    return client.post("/upload_csv", data=form, headers={"Prefer": "respond-async"})


def ask(client: FlaskClient, content: bytes, **fields: Any) -> TestResponse:
    return send(client, content, dry_run="true", **fields)


def forget_all(client: FlaskClient, table: str = "hired_employees") -> None:
    for known in client.get(f"/tables/{table}").json["readings"]:
        number = known["reading_id"]
        answer = client.delete(f"/tables/{table}/readings/{number}")
        assert answer.status_code == 204


@pytest.mark.parametrize(
    "content",
    [
        b"1,Sales\n",
        b"\xef\xbb\xbfid,department\r\n1,Sales\r\n",
        b"DEPARTMENT,id\nA,1\n",
    ],
)
def test_a_plain_file_says_so_in_one_word(
    content: bytes, shared_client: FlaskClient
) -> None:
    answer = ask(shared_client, content, table="departments")
    assert answer.json["reading"] == "plain"


def test_everything_else_is_told(shared_client: FlaskClient) -> None:
    content = "Report\n\nDepartment;Note;Id\nSales;x;9\n".encode("utf-16")
    answer = ask(shared_client, content, table="departments")
    assert answer.json["reading"] == {
        "container": "plain",
        "sheet": None,
        "encoding": "utf-16-le",
        "delimiter": ";",
        "header_line": 3,
        "lines_above": 2,
        "columns": [
            {"name": "Department", "column": "department"},
            {"name": "Note", "column": None},
            {"name": "Id", "column": "id"},
        ],
        "dates": None,
        "remembered": None,
    }


def test_the_ledger_keeps_the_reading(shared_client: FlaskClient) -> None:
    receipt = send(shared_client, GERMAN, **SAID).json
    assert receipt["loaded"] == 2, receipt
    assert receipt["reading"]["encoding"] == "windows-1252"
    assert receipt["reading"]["dates"] == "day_first"
    entry = shared_client.get(f"/loads/{receipt['load_id']}").json
    assert entry["reading"] == receipt["reading"]
    shared_client.delete(f"/loads/{receipt['load_id']}")


def test_a_file_read_otherwise_is_another_load(shared_client: FlaskClient) -> None:
    content = b"9003,Ann,03/04/2021,1,2\n"
    first = send(shared_client, content, dates="day_first").json
    again = send(shared_client, content, dates="day_first").json
    other = send(shared_client, content, dates="month_first").json
    assert again["already_loaded"] and not other["already_loaded"]
    for receipt in (first, other):
        shared_client.delete(f"/loads/{receipt['load_id']}")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"encoding": "klingon"}, "encoding=klingon"),
        ({"delimiter": "ab"}, "one sign"),
        ({"dates": "year_first"}, "day_first or month_first"),
        ({"columns": "[1]"}, "JSON object"),
        ({"columns": '{"Nr.": 1}'}, "JSON object"),
        ({"columns": '{"Nr.": "idd"}', "encoding": "cp1252"}, "did you mean"),
        ({"remember": "perhaps"}, "true or false"),
        ({"sheet": "Sheet1"}, "no sheets"),
    ],
)
def test_a_field_of_no_meaning_is_refused(
    fields: dict[str, str], says: str, shared_client: FlaskClient
) -> None:
    answer = ask(shared_client, GERMAN, **fields)
    assert answer.status_code == 400, answer.text
    assert says in answer.json["detail"]


def test_what_is_asked_has_its_choices(shared_client: FlaskClient) -> None:
    asked = ask(shared_client, GERMAN).json["question"]
    assert asked["field"] == "encoding"
    samples = {choice["value"]: choice["sample"] for choice in asked["choices"]}
    assert "Jürgen" in samples["windows-1252"]
    asked = ask(shared_client, GERMAN, encoding="windows-1252").json["question"]
    assert asked["field"] == "columns"
    assert asked["columns"][2] == {
        "name": "Eingestellt am",
        "samples": ["27.07.2021 16:02", "03.08.2021 09:30"],
        "column": None,
    }
    asked = ask(shared_client, b"1,Ann,03/04/2021,1,1\n").json["question"]
    assert asked["field"] == "dates"
    assert {c["value"]: c["sample"][:10] for c in asked["choices"]} == {
        "day_first": "2021-04-03",
        "month_first": "2021-03-04",
    }
    assert asked["columns"] == [
        {"name": "datetime", "samples": ["03/04/2021"], "column": "datetime"}
    ]


def test_a_column_that_was_passed_over_is_none_of_ours(
    shared_client: FlaskClient,
) -> None:
    content = b"id,Note\n1,Sales\n"
    said = '{"Note": null}'
    answer = ask(shared_client, content, table="departments", columns=said)
    columns = answer.json["question"]["columns"]
    assert [column["column"] for column in columns] == ["id", None]


def test_a_charset_of_the_part_is_taken(shared_client: FlaskClient) -> None:
    file = (io.BytesIO(GERMAN), "a.csv", "text/csv; charset=windows-1252")
    form = {"csv_file": file, "table_name": "hired_employees", "dry_run": "true"}
    form["columns"] = SAID["columns"]
    answer = shared_client.post("/upload_csv", data=form)
    assert answer.json["preview"][0]["name"] == "Jürgen"


def test_what_the_file_contradicts_is_refused(shared_client: FlaskClient) -> None:
    answer = ask(
        shared_client,
        b"id,department\n1,Sales\n",
        table="departments",
        columns='{"Nr.": "id"}',
    )
    assert answer.status_code == 422
    assert "'Nr.'" in answer.json["detail"]
    answer = ask(
        shared_client, b"1,Sales\n", table="departments", columns='{"Nr.": "id"}'
    )
    assert answer.status_code == 422 and "columns" in answer.json["detail"]
    bom = b"\xef\xbb\xbf1,Sales\n"
    answer = ask(shared_client, bom, table="departments", encoding="cp1252")
    assert answer.status_code == 400 and "byte order mark" in answer.json["detail"]


def test_a_column_of_another_name_is_passed_over_where_all_of_ours_are_there(
    shared_client: FlaskClient,
) -> None:
    content = b"id,note,department,more\n1,x,Sales,y\n2,,Legal,\n3,a,b,c,d\n"
    receipt = send(shared_client, content, table="departments").json
    assert (receipt["loaded"], receipt["rejected"]) == (2, 1)
    url = f"/loads/{receipt['load_id']}/rejects?format=csv"
    record = shared_client.get(url).text.splitlines()[1]
    assert record.startswith('"3,a,b,c,d",,4,')
    shared_client.delete(f"/loads/{receipt['load_id']}")
    answer = ask(shared_client, b"id,departmnt\n1,Sales\n", table="departments")
    assert answer.json["code"] == "header_mismatch"


def test_a_header_may_be_said_to_be_nothing(shared_client: FlaskClient) -> None:
    content = b"id,department,Department\n1,Sales,S\n"
    assert ask(shared_client, content, table="departments").status_code == 422
    content = b"id,department,Abteilung\n1,S,Sales\n"
    said = json.dumps({"department": None, "Abteilung": "department"})
    answer = ask(shared_client, content, table="departments", columns=said)
    assert answer.json["preview"] == [{"id": 1, "department": "Sales"}]


def test_a_confirmed_reading_is_asked_about_once(shared_client: FlaskClient) -> None:
    first = send(shared_client, GERMAN, remember="true", **SAID).json
    known = shared_client.get("/tables/hired_employees").json["readings"][0]
    assert known["header"] == list(MAPPED)
    assert known["said"] == {"encoding": "windows-1252", "columns": MAPPED}
    following = GERMAN.replace(b"900", b"901")
    second = send(shared_client, following).json
    assert second["loaded"] == 2
    assert second["reading"]["remembered"] == known["reading_id"]
    plain = GERMAN.decode("cp1252").replace("900", "902").encode()
    third = send(shared_client, plain).json
    assert third["loaded"] == 2, "the same in UTF-8 is no Windows-1252"
    rows = ask(shared_client, plain).json["preview"]
    assert rows[0]["name"] == "Jürgen"
    found = ask(shared_client, following, table=None).json["tables"]
    assert [table["table"] for table in found if table["fits"]] == ["hired_employees"]
    forget_all(shared_client)
    assert ask(shared_client, following).status_code == 400
    gone = f"/tables/hired_employees/readings/{known['reading_id']}"
    assert shared_client.delete(gone).json["code"] == "unknown_reading"
    for receipt in (first, second, third):
        shared_client.delete(f"/loads/{receipt['load_id']}")


def workbook(rows: list[list[object]], *others: str) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in others:
        book.create_sheet(name).append(["notes"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_sheet_of_a_workbook_is_asked_about_once(
    shared_client: FlaskClient,
) -> None:
    header = ["id", "department"]
    first = workbook([header, [9001, "Sales"]], "Notes")
    asked = ask(shared_client, first, table="departments").json["question"]
    assert asked["field"] == "sheet"
    assert [choice["value"] for choice in asked["choices"]] == ["Sheet", "Notes"]
    fields = {"sheet": "Sheet", "remember": "true"}
    receipt = send(shared_client, first, table="departments", **fields).json
    assert receipt["reading"]["container"] == "xlsx", receipt
    second = workbook([["Report"], header, [9002, "Legal"]], "Notes")
    read = ask(shared_client, second, table="departments").json
    assert read["preview"] == [{"id": 9002, "department": "Legal"}]
    assert read["reading"]["sheet"] == "Sheet" and read["reading"]["remembered"]
    forget_all(shared_client, "departments")
    shared_client.delete(f"/loads/{receipt['load_id']}")


def test_what_is_sent_goes_before_what_is_remembered(
    shared_client: FlaskClient,
) -> None:
    content = b"id,name,datetime,department_id,job_id\n9004,Ann,03/04/2021,1,2\n"
    first = send(shared_client, content, dates="day_first", remember="true").json
    read = ask(shared_client, content).json["preview"][0]["datetime"]
    assert read.startswith("2021-04-03")
    read = ask(shared_client, content, dates="month_first").json["preview"][0]
    assert read["datetime"].startswith("2021-03-04")
    forget_all(shared_client)
    shared_client.delete(f"/loads/{first['load_id']}")


def test_what_is_said_later_is_remembered_beside_what_was_said_before(
    shared_client: FlaskClient,
) -> None:
    first = send(shared_client, GERMAN, remember="true", **SAID).json
    unclear = GERMAN.replace(b"27.07", b"04.05").replace(b"900", b"904")
    said = {"dates": "day_first", "remember": "true"}
    second = send(shared_client, unclear, **said).json
    (known,) = shared_client.get("/tables/hired_employees").json["readings"]
    assert known["said"] == {
        "encoding": "windows-1252",
        "dates": "day_first",
        "columns": MAPPED,
    }
    assert ask(shared_client, unclear).json["loaded"] == 2
    forget_all(shared_client)
    for receipt in (first, second):
        shared_client.delete(f"/loads/{receipt['load_id']}")


def test_a_dry_run_without_a_table_tells_which_the_file_fits(
    shared_client: FlaskClient,
) -> None:
    found = ask(shared_client, b"id,job\n1,Clerk\n", table=None).json["tables"]
    assert [table["table"] for table in found if table["fits"]] == ["jobs"]
    assert found[0]["table"] == "jobs" and found[0]["has_header"]
    found = ask(shared_client, b"1,Clerk\n", table=None).json["tables"]
    assert {t["table"] for t in found if t["fits"]} == {"jobs", "departments"}
    asked = ask(shared_client, b"1,Ann,03/04/2021,1,1\n", table=None).json["tables"]
    assert asked[0]["table"] == "hired_employees"
    assert asked[0]["question"]["field"] == "dates"
    answer = ask(shared_client, GERMAN, table=None)
    assert answer.json["question"]["field"] == "encoding"


def test_a_load_has_to_name_its_table(shared_client: FlaskClient) -> None:
    answer = send(shared_client, b"1,Sales\n", table=None)
    assert answer.status_code == 400
    assert "table_name" in answer.json["detail"]


def test_missing_values_are_those_of_files(shared_client: FlaskClient) -> None:
    body = {"table_name": "departments", "data": [[1, "NULL"]], "dry_run": True}
    answer = shared_client.post("/insert_batch", json=body)
    assert answer.json["preview"] == [{"id": 1, "department": "NULL"}]
    answer = ask(shared_client, b"1,NULL\n2,Null\n", table="departments")
    assert (answer.json["loaded"], answer.json["rejected"]) == (1, 1)
