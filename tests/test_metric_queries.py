"""Filters, order, selection and pages of a metric, over a mart with every type."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.client import open_client
from support.extra_marts import EVERYTHING as COLUMNS
from support.extra_marts import ROWS


@pytest.fixture(scope="module")
def metric(extra_marts: Path) -> Iterator[FlaskClient]:
    with open_client(extra_marts) as client:
        yield client


def rows_of(client: FlaskClient, query: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get("/metrics/everything", query_string=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json
    return rows


def moment(text: str) -> str:
    """A canonical timestamp so that texts compare as times do."""
    return text.removesuffix("Z").ljust(26, "0") if "." in text else text[:-1]


def comparable(column: str, value: Any) -> Any:
    return moment(value) if COLUMNS[column] == "timestamp" else value


def in_order(rows: list[dict[str, Any]], terms: list[str]) -> list[dict[str, Any]]:
    """Sorted by the terms, then as the mart is; what has no value comes last."""
    rows = list(rows)
    for term in reversed([*terms, "-id", "label", *COLUMNS]):
        name, falling = term.removeprefix("-"), term.startswith("-")
        some = [row for row in rows if row[name] is not None]
        none = [row for row in rows if row[name] is None]
        key = lambda row, name=name: comparable(name, row[name])  # noqa: E731
        rows = sorted(some, key=key, reverse=falling) + none
    return rows


def test_every_type_is_answered_as_itself(metric: FlaskClient) -> None:
    assert rows_of(metric, {}) == in_order(ROWS, [])


@pytest.mark.parametrize(
    ("name", "text", "holds"),
    [
        ("id", "3", lambda v: v == 3),
        ("id__eq", "3", lambda v: v == 3),
        ("id__ne", "3", lambda v: v != 3),
        ("id__in", "3,1,3", lambda v: v in (1, 3)),
        ("id__gt", "3", lambda v: v > 3),
        ("id__gte", "3", lambda v: v >= 3),
        ("id__lt", "3", lambda v: v < 3),
        ("id__lte", "3", lambda v: v <= 3),
        ("label", "plain", lambda v: v == "plain"),
        ("label", "", lambda v: v == ""),
        ("label", "=1+1", lambda v: v == "=1+1"),
        ("label__contains", "ï ☃", lambda v: "ï ☃" in v),
        ("label__contains", "PLAIN", lambda v: False),
        ("label__contains", "%", lambda v: False),
        ("label__gt", "a", lambda v: v > "a"),
        ("label__in", "plain,=1+1", lambda v: v in ("plain", "=1+1")),
        ("label__in", '"pla""in, ","plain",', lambda v: v in ("plain", "")),
        ("label__in", '"a,b ""c""\nd",Zoë', lambda v: v in ('a,b "c"\nd', "Zoë")),
        ("label__in", "", lambda v: v == ""),
        ("amount", "1.5", lambda v: v == 1.5),
        ("amount__lt", "1e10", lambda v: v < 1e10),
        ("open", "true", lambda v: v is True),
        ("open", "0", lambda v: v is False),
        ("open__ne", "true", lambda v: v is False),
        ("due_on__gte", "2022-01-01", lambda v: v >= "2022-01-01"),
        ("seen_at__gt", "2021-01-01T00:00:00Z", lambda v: ".5" in v),
        ("seen_at__gte", "2021-01-01T01:00:00+01:00", lambda v: v[:4] == "2021"),
        ("seen_at__lt", "2021-01-01", lambda v: v[:4] == "0999"),
    ],
)
def test_a_filter_keeps_the_rows_that_fit(
    metric: FlaskClient, name: str, text: str, holds: Any
) -> None:
    column = name.partition("__")[0]
    kept = [row for row in ROWS if row[column] is not None and holds(row[column])]
    assert rows_of(metric, {name: text}) == in_order(kept, [])


@pytest.mark.parametrize("column", COLUMNS)
def test_rows_without_a_value_are_found_by_null(
    metric: FlaskClient, column: str
) -> None:
    none = [row for row in ROWS if row[column] is None]
    some = [row for row in ROWS if row[column] is not None]
    assert rows_of(metric, {f"{column}__null": "true"}) == in_order(none, [])
    assert rows_of(metric, {f"{column}__null": "false"}) == in_order(some, [])


def test_a_repeated_filter_takes_any_of_its_values(metric: FlaskClient) -> None:
    answer = metric.get("/metrics/everything?id=1&id=4&select=id")
    assert {row["id"] for row in answer.json} == {1, 4}
    answer = metric.get("/metrics/everything?id__ne=1&id__ne=4&select=id")
    assert {row["id"] for row in answer.json} == {0, 2, 3, 5, 6}


def test_filters_on_several_columns_all_hold(metric: FlaskClient) -> None:
    found = rows_of(metric, {"id__gte": 2, "label": "plain", "open": "true"})
    kept = [
        row
        for row in ROWS
        if row["id"] >= 2 and row["label"] == "plain" and row["open"]
    ]
    assert found == in_order(kept, []) != []


def test_a_selection_answers_its_columns_in_its_order(metric: FlaskClient) -> None:
    rows = rows_of(metric, {"select": "label,id"})
    assert all(list(row) == ["label", "id"] for row in rows)
    assert len(rows) == len(ROWS)


def test_a_column_named_twice_counts_once(metric: FlaskClient) -> None:
    assert rows_of(metric, {"sort": "id,-id"}) == rows_of(metric, {"sort": "id"})
    rows = rows_of(metric, {"select": "id,label,id"})
    assert list(rows[0]) == ["id", "label"]


TERMS = [f"{sign}{name}" for name in COLUMNS for sign in ("", "-")]


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    terms=st.lists(
        st.sampled_from(TERMS), max_size=3, unique_by=lambda t: t.removeprefix("-")
    ),
    limit=st.integers(1, 50),
    least=st.none() | st.integers(0, 6),
)
def test_pages_joined_are_the_whole_answer(
    metric: FlaskClient, terms: list[str], limit: int, least: int | None
) -> None:
    query: dict[str, Any] = {"sort": ",".join(terms)} if terms else {}
    query |= {"id__gte": least} if least is not None else {}
    whole = rows_of(metric, query)
    assert whole == in_order([row for row in ROWS if row["id"] >= (least or 0)], terms)
    pages = list(_pages(metric, query | {"limit": limit}))
    assert all(len(page) == limit for page in pages[:-1])
    assert list(itertools.chain(*pages)) == whole


def _pages(client: FlaskClient, query: dict[str, Any]) -> Iterator[Any]:
    address: str | None = "/metrics/everything"
    answer = client.get(address, query_string=query)
    while True:
        yield answer.json
        link = answer.headers.get("Link")
        if link is None:
            return
        address, relation = link.split(">; ")
        assert relation == 'rel="next"'
        answer = client.get(address.removeprefix("<"))


def test_the_last_page_names_no_next_one(metric: FlaskClient) -> None:
    whole = metric.get(f"/metrics/everything?limit={len(ROWS)}")
    assert len(whole.json) == len(ROWS)
    assert "Link" not in whole.headers


def test_a_cursor_belongs_to_its_own_filters_and_order(metric: FlaskClient) -> None:
    link = metric.get("/metrics/everything?limit=2").headers["Link"]
    cursor = link.split("cursor=")[1].split(">")[0]
    for query in ("sort=-label", "id__gte=1"):
        answer = metric.get(f"/metrics/everything?{query}&cursor={cursor}")
        assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")
        assert "other filters or another order" in answer.json["detail"]
    again = metric.get(f"/metrics/everything?select=id&limit=5&cursor={cursor}")
    assert len(again.json) == 5


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("colour=red", "undeclared_parameter", "select, sort, limit"),
        ("lable=x", "undeclared_parameter", "did you mean 'label'?"),
        ("id__gtee=1", "undeclared_parameter", "did you mean 'id__gte'?"),
        ("id__contains=1", "undeclared_parameter", "id"),
        ("open__gt=true", "undeclared_parameter", "open"),
        ("id=one", "bad_parameter", "id must be a whole number, not 'one'"),
        ("id=9223372036854775808", "bad_parameter", "whole number"),
        ("amount__lt=", "bad_parameter", "a number"),
        ("open=yes", "bad_parameter", "true or false"),
        ("due_on=2021-02-30", "bad_parameter", "a date such as"),
        ("seen_at__gt=soon", "bad_parameter", "a date and time such as"),
        ("id__null=1x", "bad_parameter", "true or false"),
        ("id__gt=1&id__gt=2", "bad_parameter", "given 2 times"),
        ("id__in=1,", "bad_parameter", "id__in must be a whole number, not ''"),
        ("id__in=1&id__in=2", "bad_parameter", "given 2 times"),
        ("sort=hired", "bad_parameter", "no column of everything"),
        ("sort=", "bad_parameter", "no column"),
        ("select=labl", "bad_parameter", "did you mean 'label'?"),
        ("limit=0", "bad_parameter", "from 1 to"),
        ("limit=1.5", "bad_parameter", "from 1 to"),
        ("limit=%D9%A2", "bad_parameter", "from 1 to"),
        ("limit=1&limit=2", "bad_parameter", "given 2 times"),
        ("cursor=", "bad_parameter", "cursor"),
        ("cursor=AAAA", "bad_parameter", "cursor"),
        ("cursor=W10", "bad_parameter", "cursor"),
        ("cursor=%F0%9F%A6%86", "bad_parameter", "cursor"),
        ("format=xml", "bad_parameter", "json, csv, ndjson, parquet"),
        ("format=svg", "bad_parameter", "declares no chart"),
        ("format=vegalite", "bad_parameter", "declares no chart"),
        ("spreadsheet=yes", "bad_parameter", "false, true"),
        ("theme=blue", "bad_parameter", "light, dark, not 'blue'"),
        ("theme=dark&theme=dark", "bad_parameter", "given 2 times"),
    ],
)
def test_a_wrong_parameter_is_told_what_would_be_right(
    metric: FlaskClient, query: str, code: str, says: str
) -> None:
    answer = metric.get(f"/metrics/everything?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert says in answer.json["detail"]


@pytest.mark.parametrize(
    "values",
    [
        '["x"]',
        '[1,"x",1.5,true,"2021-01-01"]',
        '["1","x",1.5,true,"2021-01-01","2021-01-01T00:00:00Z"]',
        '[9223372036854775808,"x",1.5,1,"2021-01-01","2021-01-01T00:00:00Z"]',
        '[1,"\\ud800",1.5,1,"2021-01-01","2021-01-01T00:00:00Z"]',
        '[1,["x"],1.5,1,"2021-01-01","2021-01-01T00:00:00Z"]',
    ],
)
def test_a_cursor_of_other_values_is_refused(metric: FlaskClient, values: str) -> None:
    import base64
    import json

    link = metric.get("/metrics/everything?limit=2").headers["Link"]
    cursor = link.split("cursor=")[1].split(">")[0]
    padded = cursor + "=" * (-len(cursor) % 4)
    digest = json.loads(base64.urlsafe_b64decode(padded))[0]
    forged = f'["{digest}",1,{values[1:-1]}]'
    text = base64.urlsafe_b64encode(forged.encode()).decode()
    answer = metric.get("/metrics/everything", query_string={"cursor": text})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize(
    "hostile",
    [
        "'; drop table everything; --",
        '" or 1=1 --',
        "\x00",
        "%00",
        "\ud7ff",
        "x" * 5000,
        "${jndi:ldap://x}",
        "{{7*7}}",
    ],
)
def test_what_looks_like_sql_is_only_a_text_that_no_row_has(
    metric: FlaskClient, hostile: str
) -> None:
    assert rows_of(metric, {"label": hostile}) == []
    assert rows_of(metric, {"label__contains": hostile}) == []
    assert len(rows_of(metric, {"label__ne": hostile})) > 0
    for name in ("sort", "select", hostile):
        answer = metric.get("/metrics/everything", query_string={name: hostile})
        assert answer.status_code == 400
