"""The warnings about compiled SQL that gives wrong numbers and passes its tests."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.imports import MODULES

from api.builder.runs import sql_lint
from api.builder.runs.sql_lint import lint_warnings, warnings_in
from api.builder.runs.sql_lint.relations import Relation

HIRES = Relation(
    'main."hires"',
    (
        *(("department", "text"), ("job_id", "integer"), ("hires", "integer")),
        *(("total", "integer"), ("share", "real"), ("is_open", "boolean")),
    ),
    (),
)
JOBS = Relation(
    'main."jobs"',
    (("job_id", "integer"), ("job", "text"), ("level", "integer")),
    (frozenset(["job_id"]),),
)
NO_GROUP = "selects {} beside an aggregate and has no `group by`: "
NOT_GROUPED = "selects {}, which {} neither in `group by` nor in an aggregate: "
DIVIDES = "divides whole numbers for its column share, `{}`: "


def warned(sql: str, dialect: str = "sqlite") -> list[str]:
    """The warnings about SQL, each up to its consequence."""
    found = warnings_in(sql, dialect, (HIRES, JOBS), ("share",))
    return [warning.explanation.partition(": ")[0] + ": " for warning in found]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select department, count(*) as n from main.hires", "department"),
        ("select count(*), h.Department || '!' as d from main.hires h", "h.Department"),
        (
            "select total(hires), job_id, department from main.hires",
            "job_id, department",
        ),
        ("select department from main.hires having count(*) > 1", "department"),
        ("select sum(hires) filter (where is_open), job_id from main.hires", "job_id"),
        (
            "with a as (select job_id, avg(hires) as n from main.hires)"
            " select * from a",
            "job_id",
        ),
        ("select * from (select level, count(*) as n from main.jobs) as a", "level"),
        ("select (select max(job) || min(job) || level from main.jobs) as x", "level"),
        (
            "select j.job, count(*) from main.hires as h join main.jobs as j"
            " on h.job_id = j.job_id",
            "j.job",
        ),
        (
            "select department, count(*) as n from main.hires union all"
            " select 'all' as department, count(*) as n from main.hires",
            "department",
        ),
        ("select a, count(*) from main.unknown", "a"),
        # Of two extremes SQLite takes the row of either.
        ("select min(hires), max(hires), department from main.hires", "department"),
    ],
)
def test_a_column_beside_an_aggregate(sql: str, names: str) -> None:
    assert warned(sql) == [NO_GROUP.format(names)]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        (
            "select job_id, department, sum(hires) from main.hires group by 1",
            "department",
        ),
        ("select job_id as j, hires from main.hires group by j", "hires"),
        (
            "select substr(department, 1, 2) as d, substr(department, 1, 3) from"
            " main.hires group by substr(department, 1, 2)",
            "department",
        ),
        (
            "select department, sum(count(*)) over (partition by job_id)"
            " from main.hires group by department",
            "job_id",
        ),
        (
            "select h.job_id, h.department, count(*) from main.hires as h"
            " join main.jobs as j on h.job_id = j.job_id group by j.job_id",
            "h.department",
        ),
        ("select j.job_id, j.job from main.jobs as j group by j.job", "j.job_id"),
    ],
)
def test_a_column_that_is_not_grouped_by(sql: str, names: str) -> None:
    assert warned(sql) == [NOT_GROUPED.format(names, "is")]


@pytest.mark.parametrize(
    "sql",
    [
        "select department, job_id, count(*) from main.hires group by 2, department",
        "select department as d, count(*) from main.hires group by d",
        "select Department, count(*) from main.hires h group by H.DEPARTMENT",
        "select substr(department, 1, 2) as d, count(*) from main.hires group by d",
        "select lower(substr(department, 1, 2)) || 'x', count(*) from main.hires"
        " group by substr(department, 1, 2)",
        "select (department), count(*) from main.hires group by (department)",
        "select department || job_id, count(*) from main.hires"
        " group by department, job_id",
        # The row that has the maximum, as SQLite's documentation says.
        "select max(hires), department from main.hires",
        "select department, job_id, min(hires) from main.hires group by department",
        # No aggregates, or not of this query.
        "select department, max(hires, total) from main.hires",
        "select department, sum(hires) over (partition by job_id) as n from main.hires",
        "select department, row_number() over (order by hires) as n from main.hires",
        "select department, (select count(*) from main.jobs) as n from main.hires",
        "select department from main.hires where exists"
        " (select count(*) from main.jobs)",
        "select department from main.hires where hires >"
        " (select avg(hires) from main.hires)",
        "select department, (select count(*) || h.department from main.jobs)"
        " from main.hires h",
        "select distinct department from main.hires",
        # What has one value all the same.
        "select 'all' as department, 7, count(*) as n from main.hires",
        "select department, count(*) from main.hires where department = 'Sales'",
        "select j.job_id, j.job, count(*) from main.jobs as j group by j.job_id",
        "select j.job, count(*) from main.hires as h join main.jobs as j"
        " on h.job_id = j.job_id group by h.job_id",
        "select job, count(*) from main.hires join main.jobs using (job_id)"
        " group by job_id",
        "with j as (select job_id as id, job as name from main.jobs)"
        " select j.name, count(*) from main.hires h left join j on j.id = h.job_id"
        " group by h.job_id",
        "with t as (select job_id, department, count(*) as n from main.hires"
        " group by job_id, department) select job_id, department, n, count(*) from t"
        " group by job_id, department",
        "with t as (select sum(hires) as n from main.hires)"
        " select t.n, count(*) from main.hires cross join t",
        # Columns that nobody knows, and what is no SQL of SQLite.
        "select a, count(*) from main.unknown cross join main.jobs",
        "select a, count(*) from main.unknown group by a",
        "select *, count(*) from main.unknown",
        "select a, count(*) from",
        "",
    ],
)
def test_a_query_that_is_grouped_as_it_should_be(sql: str) -> None:
    assert warned(sql) == []


def test_other_engines_refuse_what_is_not_grouped_themselves() -> None:
    sql = "select department, count(*) as n from main.hires"
    assert warned(sql, "postgres") == []


@pytest.mark.parametrize(
    ("sql", "division"),
    [
        ("select hires / total as share from main.hires", "hires / total"),
        ("select h.hires/h.total share from main.hires h", "h.hires/h.total"),
        ("select round(hires / total, 2) as share from main.hires", "hires / total"),
        (
            "select coalesce(100 * (hires + 1) / nullif(total, 0), 0) as share"
            " from main.hires",
            "100 * (hires + 1) / nullif(total, 0)",
        ),
        ("select (hires / total) * 100 as share from main.hires", "hires / total"),
        (
            "select cast(hires / total as real) as share from main.hires",
            "hires / total",
        ),
        ("select 1.0 * (hires / total) as share from main.hires", "hires / total"),
        ("select avg(hires / 2) as share from main.hires", "hires / 2"),
        ("select 1 / 2 as share", "1 / 2"),
        (
            "select case when is_open then hires / total else 0.0 end as share"
            " from main.hires",
            "hires / total",
        ),
        (
            "select count(is_open) / count(*) as share from main.hires",
            "count(is_open) / count(*)",
        ),
        (
            "select sum(case when is_open then 1 else 0 end) * 100 / count(*) as share"
            " from main.hires",
            "sum(case when is_open then 1 else 0 end) * 100 / count(*)",
        ),
        (
            "select length(department) / 2 as share from main.hires",
            "length(department) / 2",
        ),
        (
            "select cast(department as integer) / 2 as share from main.hires",
            "cast(department as integer) / 2",
        ),
        (
            "with a as (select count(*) as n, max(hires) as most from main.hires),"
            " b as (select *, most / n as part from a)"
            " select round(avg(part), 1) as share from b",
            "most / n",
        ),
        (
            "with recursive n (i) as (select 1 union all select i + 1 from n"
            " where i < 9) select i / 2 as share from n",
            "i / 2",
        ),
        (
            "select share from main.hires union all select hires / 3 from main.hires",
            "hires / 3",
        ),
        (
            "select hires / sum(hires) over () as share"
            " from (select 1 as hires) as one",
            "hires / sum(hires) over ()",
        ),
        (
            "select (select hires / total from main.hires limit 1) as share",
            "hires / total",
        ),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_whole_numbers_that_are_divided(sql: str, division: str, dialect: str) -> None:
    assert warned(sql, dialect) == [DIVIDES.format(division)]


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(hires) / count(*) as share from main.hires",
        "select sum(hires > 3) / count(*) as share from main.hires",
        "select sum(is_open) / count(*) as share from main.hires",
    ],
)
def test_a_sum_that_is_whole_on_sqlite_alone(sql: str) -> None:
    """On PostgreSQL that of a column is `numeric`; it has no sum of truth values."""
    assert len(warned(sql)) == 1
    assert warned(sql, "postgres") == []


@pytest.mark.parametrize(
    "sql",
    [
        "select 1.0 * hires / total as share from main.hires",
        "select hires * 1.0 / total as share from main.hires",
        "select hires / cast(total as real) as share from main.hires",
        "select cast(hires as decimal) / total as share from main.hires",
        "select share / total as share from main.hires",
        "select avg(hires) / total as share from main.hires group by total",
        "select round(hires) / total as share from main.hires",
        "select 4 / 2 as share, 1 / 0 as y",
        # Nobody knows what it is.
        "select department / 2 as share from main.hires",
        "select unknown / total as share from main.hires",
        "select a / b as share from main.unknown",
        "select some_function(hires) / total as share from main.hires",
        "select ('5.5' + 1) / 2 as share",
        # A whole number is what is asked for, or what the column holds.
        "select cast(hires / total as integer) as share from main.hires",
        "select floor(hires / total) as share from main.hires",
        "select hires / 10 * 10 as share from main.hires",
        "select 10 * (hires / 10) as share from main.hires",
        "select hires / total as other, share from main.hires",
        "select count(hires / total) as share from main.hires",
        "select case when hires / total > 1 then 0.5 else share end as share"
        " from main.hires",
        "with a as (select hires / 10 as tens, share from main.hires)"
        " select share from a where tens = 2",
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_divisions_that_lose_nothing_or_are_not_certain(sql: str, dialect: str) -> None:
    assert warned(sql, dialect) == []


COLUMNS = {"share": {"name": "share", "data_type": "real"}}
MODEL = {
    "name": "shares",
    "resource_type": "model",
    "original_file_path": "shares.sql",
    "config": {"materialized": "table"},
    "columns": COLUMNS,
    "depends_on": {"nodes": ["model.hires"]},
    "relation_name": 'main."shares"',
}
READ = {
    "name": "hires",
    "resource_type": "model",
    "config": {"materialized": "table"},
    "columns": {name: {"name": name, "data_type": of} for name, of in HIRES.columns},
    "depends_on": {"nodes": []},
    "relation_name": HIRES.name,
}
RAW = """select
    department,
    -- {{ 'a comment' }}
    hires / total as share
from {{ ref('hires') }}
group by 1"""
COMPILED = RAW.replace("{{ ref('hires') }}", HIRES.name).replace(
    "{{ 'a comment' }}", ""
)


def nodes(**more: Any) -> dict[str, Any]:
    model = MODEL | {"raw_code": RAW, "compiled_code": COMPILED} | more
    return {"model.shares": model, "model.hires": READ}


def test_the_explanation_says_what_to_write_and_where() -> None:
    """Blank lines at the top are counted, which dbt drops."""
    warnings = lint_warnings(nodes(), {"shares.sql": f"\n\n{RAW}\n"}, "sqlite")
    group, division = warnings[1], warnings[0]
    if "divides" in group["words"]:
        group, division = division, group
    assert division["words"] == (
        "shares divides whole numbers for its column share, `hires / total`: the result"
        " has no fraction. Write `1.0 * hires / total`, or cast one of them. This is a"
        " warning: it holds back no numbers."
    )
    assert group["words"] == (
        "shares selects hires, total, which are neither in `group by` nor in an"
        " aggregate: each row shows any of the values. Add hires, total to `group by`,"
        " or write `max(hires)`. This is a warning: it holds back no numbers."
    )
    assert {(w["name"], w["file"], w["status"], w["line"]) for w in warnings} == {
        ("shares", "shares.sql", "warn", 6)
    }


def test_a_line_that_jinja_has_written_has_no_number() -> None:
    compiled = COMPILED.replace("hires / total", "(hires) / total")
    warnings = lint_warnings(
        nodes(compiled_code=compiled), {"shares.sql": RAW}, "sqlite"
    )
    assert [w["line"] for w in warnings] == [None, None]


def test_what_was_not_compiled_or_is_long_is_passed_over() -> None:
    assert lint_warnings(nodes(compiled_code=None), {}, "sqlite") == []
    long = f"{COMPILED} -- {'x' * sql_lint.MOST_CHARACTERS}"
    assert lint_warnings(nodes(compiled_code=long), {}, "sqlite") == []
    assert lint_warnings(nodes(), {}, "spark") == []


def test_an_ephemeral_model_is_looked_through() -> None:
    between = READ | {
        "config": {"materialized": "ephemeral"},
        "depends_on": {"nodes": ["model.hires"]},
        "relation_name": None,
    }
    more = nodes(depends_on={"nodes": ["model.between"]}) | {"model.between": between}
    assert len(lint_warnings(more, {}, "sqlite")) == 2


def test_what_is_unique_is_known_from_tests_and_models() -> None:
    test = {
        "name": "unique_hires_job_id",
        "resource_type": "test",
        "config": {},
        "test_metadata": {"name": "unique", "kwargs": {"column_name": "job_id"}},
        "attached_node": "model.hires",
    }
    sql = f"select job_id, department, count(*) as n from {HIRES.name} group by job_id"
    model = nodes(compiled_code=sql, raw_code=sql)
    assert len(lint_warnings(model, {}, "sqlite")) == 1
    assert lint_warnings(model | {"test.unique": test}, {}, "sqlite") == []
    config = READ["config"] | {"unique_key": ["job_id"]}
    keyed = model | {"model.hires": READ | {"config": config}}
    assert lint_warnings(keyed, {}, "sqlite") == []


def test_the_same_sql_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lint_warnings(nodes(), {}, "sqlite")
    monkeypatch.setitem(sys.modules, "api.builder.runs.sql_lint.parsed_sql", None)
    assert lint_warnings(nodes(), {}, "sqlite") == first


def test_the_parser_is_imported_only_where_something_is_parsed() -> None:
    """A builder that plays builds and judges them need not have it."""
    parsing = {
        "sqlglot",
        "api.builder.runs.sql_lint.parsed_sql",
        "api.builder.runs.sql_lint.divisions",
    }
    parsing.add("api.builder.runs.sql_lint.grouping")
    for path in MODULES:
        if set(at_once(path)) & parsing:
            assert path.stem in {"parsed_sql", "divisions", "grouping"}, path


def at_once(path: Path) -> Iterator[str]:
    """What a module imports when it is imported, by all of its names."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, node.module.split(".")[0])
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
