"""Each format of a metric, opened by the reader that people would use."""

from __future__ import annotations

import io
import json
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from api.contract import Column, Mart
from api.formats import FORMATS, Options, ResultSet

HIRES = "/metrics/employees_per_department"
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "vegalite": "application/vnd.vegalite.v6+json",
}


def expected(client: FlaskClient) -> pd.DataFrame:
    return pd.DataFrame(client.get(HIRES).json)


def test_csv_opens_in_pandas(client: FlaskClient) -> None:
    answer = client.get(f"{HIRES}?format=csv")
    found = pd.read_csv(io.BytesIO(answer.data))
    pd.testing.assert_frame_equal(found, expected(client))


def test_ndjson_opens_in_pandas(client: FlaskClient) -> None:
    answer = client.get(f"{HIRES}?format=ndjson")
    found = pd.read_json(io.BytesIO(answer.data), lines=True)
    pd.testing.assert_frame_equal(found, expected(client))


def test_parquet_opens_in_pandas_and_describes_its_columns(client: FlaskClient) -> None:
    answer = client.get(f"{HIRES}?format=parquet")
    found = pd.read_parquet(io.BytesIO(answer.data))
    pd.testing.assert_frame_equal(found, expected(client))
    schema = pq.read_schema(io.BytesIO(answer.data))
    about = schema.field("Q1").metadata[b"description"]
    assert about == b"Hires from January to March."


@pytest.mark.parametrize("name", ["json", "csv", "ndjson", "parquet", "svg"])
def test_a_format_may_stand_behind_the_name(client: FlaskClient, name: str) -> None:
    """For tools that go by how an address ends."""
    ending = client.get(f"{HIRES}.{name}?year=2020&limit=3")
    named = client.get(f"{HIRES}?year=2020&limit=3&format={name}")
    assert (ending.data, ending.mimetype) == (named.data, named.mimetype)
    assert ending.headers["ETag"] == named.headers["ETag"]
    if name != "svg":
        assert f"{HIRES}.{name}?" in ending.headers["Link"]


def test_an_ending_is_a_format_or_part_of_the_name(client: FlaskClient) -> None:
    unknown = client.get(f"{HIRES}.xyz")
    assert (unknown.status_code, unknown.json["code"]) == (404, "unknown_metric")
    both = client.get(f"{HIRES}.csv?format=json")
    assert (both.status_code, both.json["code"]) == (400, "bad_parameter")
    assert ".csv" in both.json["detail"]
    empty = client.get(f"{HIRES}.csv?format=")
    assert (empty.status_code, empty.json["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_a_format_is_chosen_by_name_or_by_accept(
    client: FlaskClient, name: str
) -> None:
    named = client.get(f"{HIRES}?format={name}")
    accepted = client.get(HIRES, headers={"Accept": MEDIA_TYPES[name]})
    assert named.data == accepted.data
    assert named.mimetype == accepted.mimetype == MEDIA_TYPES[name]
    assert named.headers["ETag"] == accepted.headers["ETag"]
    assert named.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml"),
        ("text/*", "text/csv"),
    ],
)
def test_accept_is_weighed(client: FlaskClient, accept: str, mimetype: str) -> None:
    assert client.get(HIRES, headers={"Accept": accept}).mimetype == mimetype


def test_what_accept_rules_out_is_told_what_there_is(client: FlaskClient) -> None:
    answer = client.get(HIRES, headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")
    assert "text/csv" in answer.json["detail"]


def test_a_selection_and_a_filter_hold_in_every_format(client: FlaskClient) -> None:
    query = "department=Sales&select=job,Q1&sort=-Q1&limit=3"
    rows = client.get(f"{HIRES}?{query}").json
    lines = client.get(f"{HIRES}?{query}&format=csv").text.splitlines()
    assert len(rows) == 3 and list(rows[0]) == ["job", "Q1"]
    assert lines == ["job,Q1", *(f'"{row["job"]}",{row["Q1"]}' for row in rows)]


COLUMNS = (
    Column("id", "integer", "A number."),
    Column("share", "real", "A part of one."),
    Column("open", "boolean", "Whether it is."),
    Column("note", "text", "What was said."),
    Column("due_on", "date", "When."),
    Column("seen_at", "timestamp", "When, exactly."),
)
MART = Mart("notes", "notes", "Notes", "Notes.", COLUMNS, (), ())
NOTES = ["=1+1", "+49", "-5", "@here", "\tx", " =2", "plain", 'a,"b"\nc', "5=5", None]
ROWS = pa.table(
    {
        "id": pa.array(range(-1, len(NOTES) - 1), pa.int64()),
        "share": pa.array([0.5, -0.1, *[None] * 8], pa.float64()),
        "open": pa.array([True, False, *[None] * 8], pa.bool_()),
        "note": pa.array(NOTES, pa.string()),
        "due_on": pa.array(["2021-12-31", *[None] * 9], pa.string()),
        "seen_at": pa.array(["2021-12-31T23:59:59.5Z", *[None] * 9], pa.string()),
    }
)


def rendered(name: str, spreadsheet: bool = False) -> bytes:
    result = ResultSet(MART, ROWS, MART.column_names, options=Options(spreadsheet))
    return FORMATS[name].render(result)


def test_json_and_ndjson_keep_every_type_and_value() -> None:
    rows = json.loads(rendered("json"))
    assert rows[0] == {
        "id": -1,
        "share": 0.5,
        "open": True,
        "note": "=1+1",
        "due_on": "2021-12-31",
        "seen_at": "2021-12-31T23:59:59.5Z",
    }
    assert [row["note"] for row in rows] == NOTES
    lines = rendered("ndjson").splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_parquet_has_dates_and_times_as_such() -> None:
    found = pq.read_table(io.BytesIO(rendered("parquet")))
    assert found.column("due_on").to_pylist()[0] == date(2021, 12, 31)
    seen_at = found.column("seen_at").to_pylist()[0]
    assert seen_at.isoformat() == "2021-12-31T23:59:59.500000+00:00"
    assert str(found.schema.field("seen_at").type) == "timestamp[us, tz=UTC]"
    assert found.column("note").to_pylist() == NOTES


def test_csv_is_what_is_stored_unless_it_has_to_be_safe_in_a_spreadsheet() -> None:
    plain = pd.read_csv(io.BytesIO(rendered("csv")))
    safe = pd.read_csv(io.BytesIO(rendered("csv", spreadsheet=True)), encoding="utf-8")
    assert plain["note"].tolist()[:9] == NOTES[:9]
    assert safe["note"].tolist()[:9] == [
        "'=1+1",
        "'+49",
        "'-5",
        "'@here",
        "'\tx",
        "' =2",
        *NOTES[6:9],
    ]
    assert safe["id"].tolist() == plain["id"].tolist(), "numbers are no formulas"


def test_a_spreadsheet_is_told_that_the_csv_is_utf8() -> None:
    assert rendered("csv", spreadsheet=True).startswith(b"\xef\xbb\xbfid,share")
    assert rendered("csv").startswith(b"id,share")


@pytest.mark.parametrize("name", ["json", "csv", "ndjson", "parquet"])
def test_no_rows_are_an_answer_too(name: str) -> None:
    result = ResultSet(MART, ROWS.slice(0, 0), MART.column_names)
    content = FORMATS[name].render(result)
    empty = {
        "json": b"[]\n",
        "ndjson": b"",
        "csv": b"id,share,open,note,due_on,seen_at\n",
    }
    if name == "parquet":
        assert pq.read_table(io.BytesIO(content)).num_rows == 0
    else:
        assert content == empty[name]
