"""A project that says much to dbt which HTTP does not read: built, and served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.inspection import query
from support.project import copy_project
from support.server import build_once

# All of it in one file. `mine` is served from a table of another name.
MODELS = """
version: 2
models:
  - name: mine
    description: One row.
    access: protected
    deprecation_date: 2040-01-01
    meta:
      title: Mine
      labels: {owner: HR, since: 2024-01-01, wiki: "https://wiki.example/mine", tier: 1}
    config: {alias: theirs, tags: [daily], group: people}
    columns:
      - name: one
        description: One.
        data_type: integer
        data_tests: [not_null]
        config: {meta: {labels: {unit: people}}}
  - name: counted
    description: One row.
    latest_version: 2
    config: {meta: {title: Counted, endpoint: count}}
    columns:
      - {name: one, data_type: integer, description: One., data_tests: [not_null]}
    versions: [{v: 1}, {v: 2}]
  - name: aside
    description: For others of its group.
    config: {access: private, group: people, meta: {title: Aside}}
    columns: [{name: one, data_type: integer, description: One.}]
  - name: resting
    description: Not built.
    config: {enabled: false}
    columns: [{name: one, data_type: integer, description: One.}]
sources:
  - name: elsewhere
    schema: other
    loaded_at_field: seen_at
    freshness: {warn_after: {count: 1, period: day}}
    tables: [{name: anything, tags: [x]}]
exposures:
  - {name: board, type: dashboard, owner: {name: HR}, depends_on: [ref('mine')]}
groups: [{name: people, owner: {name: HR}}]
anchors: [{owner: &owner HR}]
"""
SQL = {
    "mine": "select one from {{ ref('aside') }}",
    "counted_v1": "select 1 as one",
    "counted_v2": "select one + 1 as one from {{ ref('counted', v=1) }}",
    "aside": "select 7 as one",
    "resting": "selct",
    "._mine": "\x00",
    "draft": "selct",
}


@pytest.fixture(scope="module")
def built(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("yaml")
    project = copy_project(folder / "project")
    marts = project / "dbt_project" / "models" / "marts"
    (marts / "people.yml").write_text(MODELS)
    (project / ".dbtignore").write_text("draft.sql\n")
    for name, sql in SQL.items():
        (marts / f"{name}.sql").write_text(sql)
    warehouse = Path(copytree(sample_warehouse, folder / "warehouse"))
    build_once(warehouse, project)
    return warehouse


@pytest.fixture(scope="module")
def reader(built: Path) -> Iterator[FlaskClient]:
    with open_client(built) as client:
        yield client


def test_what_is_private_or_switched_off_is_not_served(reader: FlaskClient) -> None:
    served = {metric["name"] for metric in reader.get("/metrics").json}
    assert served - {"employees_per_department", "departments_above_average"} == {
        "mine",
        "count",
        "count_v1",
    }


def test_a_mart_with_an_alias_is_served_by_its_name(
    reader: FlaskClient, built: Path
) -> None:
    assert reader.get("/metrics/mine").json == [{"one": 7}]
    assert query(built / "published.db", "select one from theirs") == [[[7]]]


def test_each_version_is_served(reader: FlaskClient) -> None:
    assert reader.get("/metrics/count").json == [{"one": 2}]
    assert reader.get("/metrics/count_v1").json == [{"one": 1}]
    tests = {
        metric["name"]: [test["status"] for test in metric["tests"]]
        for metric in reader.get("/metrics").json
    }
    assert tests["count"] == tests["count_v1"] == ["pass"]


def test_labels_stand_in_the_catalogue_and_in_openapi(reader: FlaskClient) -> None:
    labels = {
        "owner": "HR",
        "since": "2024-01-01",
        "wiki": "https://wiki.example/mine",
        "tier": "1",
    }
    (mine,) = [m for m in reader.get("/metrics").json if m["name"] == "mine"]
    assert mine["labels"] == labels
    assert mine["columns"][0]["labels"] == {"unit": "people"}
    paths = reader.get("/openapi.json").json["paths"]
    assert paths["/metrics/mine"]["get"]["x-labels"] == labels
