"""The OpenAPI document is valid and true: what it promises is what is answered."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from support.client import open_client
from support.openapi import Node, check, operation
from support.problems import problem_classes
from support.project import copy_project
from support.server import build_once
from werkzeug.test import TestResponse


@pytest.fixture(scope="module")
def api(shared_client: FlaskClient) -> FlaskClient:
    """A warehouse with one load that has rejects, beside the sample."""
    upload(shared_client, b"1,Sales\nx,Legal\n")
    return shared_client


@pytest.fixture(scope="module")
def document(api: FlaskClient) -> Node:
    found: Node = api.get("/openapi.json").json
    return found


def upload(client: FlaskClient, content: bytes, **options: Any) -> TestResponse:
    form = {
        "csv_file": (io.BytesIO(content), "d.csv"),
        "table_name": "departments",
        **options.pop("fields", {}),
    }
    return client.post("/upload_csv", data=form, **options)


def test_the_document_is_valid(document: Node) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_it_names_every_address_and_no_other(api: FlaskClient, document: Node) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in api.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if "/assets/" not in rule.rule
    }
    told = {
        (path, method) for path, item in document["paths"].items() for method in item
    }
    metrics = {(path, "get") for path, _ in told if path.startswith("/metrics/")}
    assert len(metrics) == 2
    assert told - metrics == served - {("/metrics/{name}", "get")}


REQUESTS: list[tuple[str, str, Node]] = [
    ("get", "/", {}),
    ("get", "/?x=1", {}),
    ("get", "/metrics", {}),
    ("get", "/metrics?x=1", {}),
    ("get", "/metrics/employees_per_department", {}),
    ("get", "/metrics/employees_per_department?format=csv", {}),
    ("get", "/metrics/employees_per_department?format=ndjson", {}),
    ("get", "/metrics/employees_per_department?format=parquet", {}),
    ("get", "/metrics/employees_per_department?format=svg", {}),
    ("get", "/metrics/employees_per_department?format=vegalite&theme=dark", {}),
    ("get", "/metrics/employees_per_department?theme=blue", {}),
    ("get", "/metrics/departments_above_average?limit=1", {}),
    ("get", "/metrics/departments_above_average?select=mean&year=all", {}),
    ("get", "/metrics/departments_above_average?yeer=2021", {}),
    ("get", "/metrics/departments_above_average?year=soon", {}),
    (
        "get",
        "/metrics/departments_above_average",
        {"headers": {"Accept": "image/png"}},
    ),
    ("get", "/tables", {}),
    ("get", "/tables/jobs", {}),
    ("get", "/tables/job", {}),
    ("get", "/loads", {}),
    ("get", "/loads?limit=0", {}),
    ("get", "/loads/1", {}),
    ("get", "/loads/99", {}),
    ("get", "/loads/9223372036854775808", {}),
    ("get", "/loads/1/rejects", {}),
    ("get", "/loads/1/rejects?format=csv", {}),
    ("get", "/loads/1/rejects?format=xml", {}),
    ("get", "/loads/1/rejects", {"headers": {"Accept": "image/png"}}),
    ("get", "/builds", {}),
    ("get", "/builds/1", {}),
    ("get", "/builds/99", {}),
    ("post", "/builds", {}),
    ("post", "/builds?x=1", {}),
    ("get", "/health/live", {}),
    ("get", "/health/ready", {}),
    ("get", "/openapi.json", {}),
    ("get", "/docs", {}),
    ("get", "/lineage", {}),
    ("post", "/insert_batch", {"json": {"table_name": "jobs", "data": [[1, "A"]]}}),
    ("post", "/insert_batch", {"json": {"table_name": "jobs", "data": []}}),
    ("post", "/insert_batch", {"json": {"table_name": "jobs", "data": [["x"]]}}),
    ("post", "/insert_batch", {"json": {"table_name": "job", "data": [[1, "A"]]}}),
    ("post", "/insert_batch", {"json": {"table_name": "jobs"}}),
    ("post", "/insert_batch", {"json": {"table_name": "jobs", "data": [], "x": 1}}),
    ("post", "/insert_batch", {"data": b"{", "content_type": "application/json"}),
    ("post", "/insert_batch", {"data": b"{}", "content_type": "text/plain"}),
    (
        "post",
        "/insert_batch?dry_run=true",
        {"json": {"table_name": "jobs", "data": [[1, "A"]]}},
    ),
    ("post", "/upload_csv", {"data": b"1,A", "content_type": "text/csv"}),
    ("post", "/upload_csv", {"data": {"table_name": "jobs"}}),
]


@pytest.mark.parametrize(
    ("method", "path", "options"), REQUESTS, ids=[f"{m} {p}" for m, p, _ in REQUESTS]
)
def test_an_answer_is_as_documented(
    api: FlaskClient, document: Node, method: str, path: str, options: Node
) -> None:
    answer = api.open(path, method=method.upper(), **options)
    assert answer.status_code != 500
    check(document, method, path.partition("?")[0], answer)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"2,Legal\n", {}),
        (b"2,Legal\n", {"headers": {"Prefer": "return=minimal"}}),
        (b"2,Legal\nx,y\n", {"headers": {"Prefer": "handling=strict"}}),
        (b"2,Legal\n", {"fields": {"dry_run": "true"}}),
        (b"2,Legal\n", {"headers": {"Idempotency-Key": "k"}}),
        (b"2,Legal\n", {"headers": {"Idempotency-Key": "k"}}),
        (b"3,Other\n", {"headers": {"Idempotency-Key": "k"}}),
        (b"3,Other\n", {"headers": {"Idempotency-Key": ""}}),
        (b"", {}),
        (b"\xff", {}),
        (b'1,"x', {}),
        (b"\0\1", {}),
        (b"id,colour\n", {}),
        (b",x\n", {}),
    ],
)
def test_an_answer_to_an_upload_is_as_documented(
    api: FlaskClient, document: Node, content: bytes, options: Node
) -> None:
    answer = upload(api, content, **dict(options))
    check(document, "post", "/upload_csv", answer)


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/lineage"])
def test_what_is_unchanged_is_as_documented(
    api: FlaskClient, document: Node, path: str
) -> None:
    known = {"If-None-Match": api.get(path).headers["ETag"]}
    answer = api.get(path, headers=known)
    assert answer.status_code == 304
    check(document, "get", path, answer)


def test_an_example_is_rows_of_the_metric_itself(
    api: FlaskClient, document: Node
) -> None:
    for endpoint in ("employees_per_department", "departments_above_average"):
        path = f"/metrics/{endpoint}"
        content = operation(document, "get", path)["responses"]["200"]["content"]
        example = content["application/json"]["example"]
        assert example == api.get(f"{path}?limit=2").json
        assert len(example) == 2


def test_an_example_of_a_batch_is_of_the_sample_and_can_be_loaded(
    api: FlaskClient, document: Node
) -> None:
    body = operation(document, "post", "/insert_batch")["requestBody"]
    content = body["content"]["application/json"]
    assert set(content["examples"]) == {"departments", "jobs", "hired_employees"}
    whole = content["schema"] | {"components": document["components"]}
    for example in content["examples"].values():
        jsonschema.validate(example["value"], whole, jsonschema.Draft202012Validator)
        answer = api.post("/insert_batch?dry_run=true", json=example["value"])
        assert answer.json["rejected"] == 0


def test_every_error_that_there_is_is_told(document: Node) -> None:
    codes = {problem.code for problem in problem_classes()}
    told = set(re.findall(r"^\| \d{3} \| `(\w+)`", _about(document), re.MULTILINE))
    assert told == codes
    text = json.dumps(document["paths"])
    # Of the address, not of an operation; of a project that cannot be read; and those
    # that only stand for others.
    elsewhere = {"method_not_allowed", "contract_error", "unusable", "not_found"}
    elsewhere |= {"forbidden", "conflict"}
    for code in codes - elsewhere:
        assert f'"{code}"' in text, code


def _about(document: Node) -> str:
    about: str = document["info"]["description"]
    return about


def test_a_new_metric_and_a_new_table_are_in_the_document(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    marts = project / "dbt_project/models/marts"
    marts.joinpath("hires.sql").write_text("select 1 as n, 'x' as label")
    marts.joinpath("hires.yml").write_text(
        "models:\n  - name: hires\n    description: All hires.\n"
        "    config: {meta: {title: Hires}}\n    columns:\n"
        "      - {name: n, data_type: integer, description: A count.}\n"
        "      - {name: label, data_type: text, description: A label.}\n"
    )
    build_once(tmp_path / "warehouse", project)
    with open_client(tmp_path / "warehouse") as client:
        document = client.get("/openapi.json").json
        validate(document)
        names = {
            p["name"]
            for p in operation(document, "get", "/metrics/hires")["parameters"]
        }
        assert {"n", "n__gte", "label__contains", "sort", "cursor"} <= names
        example = document["paths"]["/metrics/hires"]["get"]["responses"]["200"]
        assert example["content"]["application/json"]["example"] == [
            {"n": 1, "label": "x"}
        ]
        check(document, "get", "/metrics/hires", client.get("/metrics/hires"))


def test_the_document_comes_before_the_first_build(tmp_path: Path) -> None:
    with open_client(tmp_path / "new") as client:
        document = client.get("/openapi.json").json
        validate(document)
        assert "/upload_csv" in document["paths"]
        assert not [path for path in document["paths"] if path[:9] == "/metrics/"]
        assert client.get("/lineage").status_code == 503


def test_the_page_fetches_nothing_from_elsewhere(api: FlaskClient) -> None:
    page = api.get("/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "default-src 'none'" in policy
    assert "//" not in page.text.replace("<!doctype html>", "")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        answer = api.get(f"/{address}")
        assert answer.status_code == 200 and answer.data, address
    assert "<script>" not in page.text, "the policy would not run it"


def test_an_asset_is_one_of_a_few(api: FlaskClient) -> None:
    for name in ("swagger-ui.js", "..%2f__init__.py", "%2e%2e/index.css", "LICENSE"):
        assert api.get(f"/assets/{name}").status_code == 404


def test_the_lineage_page_may_fetch_nothing(api: FlaskClient, tmp_path: Path) -> None:
    page = api.get("/lineage")
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src" not in policy and "default-src 'none'" in policy
    assert "stg_hired_employees" in page.text
    assert str(tmp_path.parent) not in page.text, "no path of this machine"
