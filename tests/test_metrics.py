"""The two metrics over HTTP: the numbers, the parameters, the headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support import recompute
from support.client import open_client

from api.config import CHECKOUT

SAMPLE = recompute.read_seeds(CHECKOUT / "seeds")


@pytest.mark.parametrize("year", [2020, 2021, 2022])
def test_sample_hires_by_quarter_equal_pandas(
    shared_client: FlaskClient, year: int
) -> None:
    answer = shared_client.get(f"/metrics/employees_per_department?year={year}")
    assert answer.json == recompute.employees_per_department(SAMPLE, year)


@pytest.mark.parametrize("year", [2020, 2021, 2022])
def test_sample_departments_above_the_mean_equal_pandas(
    shared_client: FlaskClient, year: int
) -> None:
    answer = shared_client.get(f"/metrics/departments_above_average?year={year}")
    assert answer.json == recompute.departments_above_average(SAMPLE, year)


@pytest.mark.parametrize(
    "metric", ["employees_per_department", "departments_above_average"]
)
def test_the_year_is_2021_unless_asked_otherwise(
    shared_client: FlaskClient, metric: str
) -> None:
    default = shared_client.get(f"/metrics/{metric}")
    assert default.json
    assert default.json == shared_client.get(f"/metrics/{metric}?year=2021").json


def test_a_row_of_one_year_has_exactly_the_promised_keys_in_order(
    shared_client: FlaskClient,
) -> None:
    hires = shared_client.get("/metrics/employees_per_department").json
    above = shared_client.get("/metrics/departments_above_average").json
    assert list(hires[0]) == ["department", "job", "Q1", "Q2", "Q3", "Q4"]
    assert list(above[0]) == ["id", "department", "hired"]


def test_all_years_carry_the_year(shared_client: FlaskClient) -> None:
    rows = shared_client.get("/metrics/departments_above_average?year=all").json
    assert list(rows[0]) == ["year", "id", "department", "hired"]
    assert [row["year"] for row in rows] == sorted(row["year"] for row in rows)
    assert {row["year"] for row in rows} == {2020, 2021, 2022}


def test_a_year_without_hires_is_an_empty_list(shared_client: FlaskClient) -> None:
    answer = shared_client.get("/metrics/employees_per_department?year=1999")
    assert (answer.status_code, answer.json) == (200, [])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("yeer=2021", "undeclared_parameter"),
        ("year=2021&departmnt=Sales", "undeclared_parameter"),
        ("year=twenty", "bad_parameter"),
        ("year=", "bad_parameter"),
        ("year=2021.5", "bad_parameter"),
        ("year=2021;drop table builds", "bad_parameter"),
        ("year=%D9%A2", "bad_parameter"),
        ("year=99999999999999999999999", "bad_parameter"),
    ],
)
def test_a_wrong_parameter_is_refused(
    shared_client: FlaskClient, query: str, code: str
) -> None:
    answer = shared_client.get(f"/metrics/employees_per_department?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_an_undeclared_parameter_is_told_the_declared_ones(
    shared_client: FlaskClient,
) -> None:
    answer = shared_client.get("/metrics/employees_per_department?yeer=2021")
    common = ["select", "sort", "limit", "cursor", "format", "spreadsheet", "theme"]
    columns = ["department", "job", "Q1", "Q2", "Q3", "Q4"]
    assert answer.json["declared"] == ["year", *common, *columns]
    assert "'yeer'" in answer.json["detail"]
    assert "did you mean 'year'?" in answer.json["detail"]


def test_an_unknown_metric_is_told_the_known_ones(shared_client: FlaskClient) -> None:
    answer = shared_client.get("/metrics/nothing")
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_metric")
    assert (
        "departments_above_average, employees_per_department" in answer.json["detail"]
    )


def test_a_filter_on_the_year_takes_the_place_of_its_default(
    shared_client: FlaskClient,
) -> None:
    address = "/metrics/departments_above_average?year__gte=2021"
    rows = shared_client.get(address).json
    assert {row["year"] for row in rows} == {2021, 2022}
    assert all(list(row) == ["year", "id", "department", "hired"] for row in rows)


def test_two_years_are_both_answered_and_told_apart(shared_client: FlaskClient) -> None:
    address = "/metrics/departments_above_average?year=2020&year=2022"
    assert {row["year"] for row in shared_client.get(address).json} == {2020, 2022}


def test_a_filter_narrows_the_year_that_is_asked_for(
    shared_client: FlaskClient,
) -> None:
    rows = shared_client.get("/metrics/departments_above_average?hired__gte=95").json
    assert rows == [
        row
        for row in recompute.departments_above_average(SAMPLE, 2021)
        if row["hired"] >= 95
    ]
    assert len(rows) == 2


def test_every_answer_names_its_build(shared_client: FlaskClient) -> None:
    for address in ("/metrics/employees_per_department", "/metrics"):
        headers = shared_client.get(address).headers
        assert headers["Build-Id"] == "1"
        assert headers["Build-Finished-At"].endswith("Z")
        assert headers["Sample-Data"] == "true"
        assert headers["Build-Last-Load-Id"] == "0"


def test_the_catalogue_tells_all_about_both_metrics(shared_client: FlaskClient) -> None:
    catalogue = shared_client.get("/metrics").json
    assert [metric["name"] for metric in catalogue] == [
        "departments_above_average",
        "employees_per_department",
    ]
    for metric in catalogue:
        rows = shared_client.get(metric["url"] + "?year=all").json
        assert list(rows[0]) == metric["select"]
        assert metric["description"] and metric["title"]
        assert all(column["description"] for column in metric["columns"])
        assert (CHECKOUT / metric["file"]).read_text().strip() == metric["sql"]
        assert metric["build"]["build_id"] == 1
        assert {test["status"] for test in metric["tests"]} == {"pass"}
        assert {test["kind"] for test in metric["tests"]} == {"test", "unit_test"}


def test_the_catalogue_names_what_a_metric_is_built_from(
    shared_client: FlaskClient,
) -> None:
    above, hires = shared_client.get("/metrics").json
    named = {(node["kind"], node["name"]) for node in above["upstream"]}
    assert named == {
        ("model", "stg_departments"),
        ("model", "stg_hired_employees"),
        ("model", "int_hires_by_quarter"),
        ("table", "departments"),
        ("table", "hired_employees"),
    }
    assert ("table", "jobs") in {(n["kind"], n["name"]) for n in hires["upstream"]}


def test_before_the_first_build_metrics_say_to_wait(tmp_path: Path) -> None:
    with open_client(tmp_path / "new") as client:
        answer = client.get("/metrics/employees_per_department")
        assert (answer.status_code, answer.json["code"]) == (503, "not_ready")
        assert int(answer.headers["Retry-After"]) > 0
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").status_code == 200
        assert client.get("/builds").json == []
