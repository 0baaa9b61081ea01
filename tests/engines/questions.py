"""All that a server can be asked about what it holds, and its answers as bytes."""

from __future__ import annotations

import io
import re
from itertools import product
from typing import Any

import fastavro
import requests
from support.server import Server

HIRES, ABOVE = (
    "/metrics/employees_per_department",
    "/metrics/departments_above_average",
)
FORMATS = ("csv", "ndjson", "parquet", "svg", "vegalite")
ASKED = list(product((HIRES, ABOVE), ("", "&year=2022", "&year=all")))
METRICS = [f"{metric}?format=json{year}" for metric, year in ASKED]
# Made of the same rows.
OTHER_FORMATS = [
    f"{metric}?format={format}{year}"
    for (metric, year), format in product(ASKED, FORMATS)
]
QUERIES = [
    *(
        f"{HIRES}?year=all&sort={sort}"
        for sort in ("-Q1,department", "job,-year", "Q4")
    ),
    f"{HIRES}?year=all&Q2__gt=1&Q3__lte=2&format=csv",
    f"{HIRES}?department=Zürich&department=ß&year=all",
    f"{HIRES}?department__contains=%25&year=all",
    f"{HIRES}?department__contains=_&year=all",
    f"{HIRES}?department__contains=z&year=all",
    f"{HIRES}?department__contains=%5C&year=all",
    f"{HIRES}?department__gte=a&department__lt=日&year=all&select=department,Q1",
    f"{HIRES}?department__ne=Null&job__contains=Job&year=2021",
    f"{HIRES}?department__null=false&Q1=1",
    f"{HIRES}?year=1999",
    f"{HIRES}?year=1066",
    f"{HIRES}?format=csv&spreadsheet=true&year=all",
    f"{ABOVE}?year=all&select=year,department,hired,mean",
    f"{ABOVE}?year=all&select=mean,id&sort=mean,-id&format=csv",
    f"{ABOVE}?select=mean&year=all&format=parquet",
    f"{ABOVE}?mean__gt=2.5&year=all",
    f"{ABOVE}?hired__gte=5&year=all&sort=-department",
    f"{ABOVE}?id__lt=0&year=all",
    f"{ABOVE}?format=svg&theme=dark",
    f"{ABOVE}?year=two",
    f"{ABOVE}?yaer=2021",
    f"{ABOVE}?hired__contains=1",
]
# Followed from page to page to the end.
PAGED = [
    f"{HIRES}?year=all&limit=37",
    f"{HIRES}?year=all&limit=41&sort=-Q2,job&format=csv",
    f"{ABOVE}?year=all&limit=5&sort=hired,-department",
]
# What tells nothing of how the rows came in.
ABOUT_ALL = ["/openapi.json", "/metrics"]
LEDGER = ["/loads", "/tables"]
TABLES = ("departments", "jobs", "hired_employees")
# Differ from run to run.
NOT_COMPARED = {"loaded_at", "last_loaded_at", "request_id", "build", "finished_at"}
BUILD_IN_A_CHART = re.compile(rb"build \d+, [-\d]+ [:\d]+ UTC")
MOST_PAGES = 200


def ask_metrics(server: Server, in_all_formats: bool) -> dict[str, Any]:
    """The status and the body of each question about the metrics."""
    found: dict[str, Any] = {}
    other = OTHER_FORMATS if in_all_formats else []
    for question in [*METRICS, *other, *QUERIES]:
        answer = server.get(question)
        content = BUILD_IN_A_CHART.sub(b"", answer.content)
        found[question] = answer.status_code, content
    for question in PAGED:
        found[question] = pages(server, question)
    for question in ABOUT_ALL:
        found[question] = without_what_differs(server.get(question).json())
    return found


def ask_ledger(server: Server) -> dict[str, Any]:
    """Every load with its rejects, and every table, as it is told and as a backup."""
    found: dict[str, Any] = {
        question: without_what_differs(server.get(question).json())
        for question in LEDGER
    }
    for load in found["/loads"]:
        for format in ("json", "csv"):
            question = f"/loads/{load['load_id']}/rejects?format={format}"
            found[question] = server.get(question).content
    for table in TABLES:
        question = f"/tables/{table}/backup"
        content = server.get(question).content
        rows: list[Any] = list(fastavro.reader(io.BytesIO(content)))
        found[question] = sorted(rows, key=lambda row: row["id"])
    return found


def pages(server: Server, question: str) -> list[bytes]:
    """Page after page, by the links that lead on."""
    found = []
    next_page: str | None = question
    while next_page:
        answer: requests.Response = server.get(next_page)
        assert answer.status_code == 200, answer.text
        found.append(answer.content)
        link = answer.links.get("next", {}).get("url")
        next_page = link and link.removeprefix(server.url)
        assert len(found) < MOST_PAGES
    return found


def without_what_differs(document: Any) -> Any:
    if isinstance(document, list):
        return [without_what_differs(part) for part in document]
    if not isinstance(document, dict):
        return document
    # The tests of a metric come in the order that they happened to be run in.
    if isinstance(document.get("tests"), list):
        document["tests"].sort(key=lambda test: test["name"])
    return {
        name: without_what_differs(value)
        for name, value in document.items()
        if name not in NOT_COMPARED
    }
