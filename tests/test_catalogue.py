"""The catalogue tells the values of a parameter, of the very build that it names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.extra_marts import CHOICES
from support.server import build_once

from api.contract.marts import MOST_VALUES

VALUES = {
    "many": None,
    "just_few_enough": [*range(2, MOST_VALUES + 2)],
    "number": [28, 29],
    "label": ["", "Zoë", 'a "b"'],
    "share": [-2.0, 0.5],
    "open": [False, True],
    "due_on": ["0999-12-31", "2022-01-01"],
    "seen_at": [
        "2020-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00.5Z",
    ],
    "never": [],
}


@pytest.fixture(scope="module")
def choices(extra_marts: Path) -> Iterator[FlaskClient]:
    with open_client(extra_marts) as client:
        yield client


def parameters_of(client: FlaskClient, metric: str) -> dict[str, Any]:
    (entry,) = [m for m in client.get("/metrics").json if m["name"] == metric]
    return {p["column"]: p for p in entry["parameters"]}


@pytest.mark.parametrize("column", CHOICES)
def test_the_values_of_a_parameter_are_told_in_order(
    choices: FlaskClient, column: str
) -> None:
    told = parameters_of(choices, "choices")[column]["values"]
    assert told == VALUES[column]
    assert [type(value) for value in told or []] == [
        type(value) for value in VALUES[column] or []
    ]


@pytest.mark.parametrize("column", [name for name in CHOICES if VALUES[name]])
def test_each_value_that_is_told_has_rows_and_every_row_a_value_that_is_told(
    choices: FlaskClient, column: str
) -> None:
    parameter = parameters_of(choices, "choices")[column]
    address = "/metrics/choices"
    for value in parameter["values"]:
        text = str(value).lower() if isinstance(value, bool) else value
        assert choices.get(address, query_string={parameter["name"]: text}).json
    rows = choices.get(f"{address}?select={column}&sort={column}").json
    values = [row[column] for row in rows if row[column] is not None]
    assert [*dict.fromkeys(values)] == parameter["values"]


def test_the_values_are_those_of_the_build_that_is_named(warehouse: Path) -> None:
    above = "departments_above_average"
    with open_client(warehouse) as client:
        assert parameters_of(client, above)["year"]["values"] == [2020, 2021, 2022]
        for table, rows in {
            "departments": b"1,Sales\n2,Legal\n",
            "jobs": b"1,Clerk\n",
            "hired_employees": b"1,Ann,2019-03-01T00:00:00Z,1,1\n",
        }.items():
            form = {"csv_file": (io.BytesIO(rows), "f.csv"), "table_name": table}
            assert client.post("/upload_csv", data=form).status_code == 202
        assert parameters_of(client, above)["year"]["values"] == [2020, 2021, 2022]
        build_once(warehouse)
        answer = client.get("/metrics")
        assert answer.headers["Build-Id"] == "2"
        assert answer.json[0]["build"]["build_id"] == 2
        assert answer.json[0]["parameters"][0]["values"] == [2019]


def test_the_values_are_looked_for_once_per_build(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = client.application.extensions["context"].marts
    reading, reads = marts._database.reading, 0

    def counted() -> object:
        nonlocal reads
        reads += 1
        return reading()

    known = client.get("/metrics/departments_above_average")
    assert known.status_code == 200
    monkeypatch.setattr(marts._database, "reading", counted)
    first = client.get("/metrics")
    assert reads == 1, "not before somebody asked"
    assert all(client.get("/metrics").data == first.data for _ in range(5))
    client.get("/metrics", headers={"If-None-Match": first.headers["ETag"]})
    assert reads == 1
