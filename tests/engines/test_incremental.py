"""Incremental models as in the documentation of dbt hold what a table would hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engines.conftest import NewServer
from engines.history import History, Row

HIRES = (
    "select employee_id, hired_at, department_id from {{ ref('stg_hired_employees') }}"
)
LATER = """
{% if is_incremental() %}
where hired_at > (select max(hired_at) from {{ this }})
{% endif %}
"""
LANDED = "{{ newest_rows(source('raw', 'hired_employees'), unique_key='id') }}"
MARTS = {
    "as_a_table": HIRES,
    "keyed": "{{ config(unique_key='employee_id') }}" + HIRES + LATER,
    "without_key": HIRES + LATER,
    "appended": "{{ config(incremental_strategy='append') }}" + HIRES + LATER,
    "by_list": "{{ config(unique_key=['employee_id', 'department_id'],"
    " incremental_strategy='delete+insert') }}" + HIRES + LATER,
}
COLUMNS = {
    "employee_id": "integer",
    "hired_at": "timestamp",
    "department_id": "integer",
}
# Of rows by newest_rows: some are left out, some are counted.
LEGAL = (
    "{{ config(unique_key='employee_id') }}"
    f"with landed as ({LANDED})"
    " select id as employee_id, department_id from landed where department_id = 2"
)
BY_DEPARTMENT = (
    "{{ config(unique_key='department_id') }}"
    f"with landed as ({LANDED})"
    " select department_id, count(*) as hires from landed group by department_id"
)
YAML = """
models:
  - name: {name}
    description: One row per hire.
    config: {{materialized: {materialized}, meta: {{title: "{name}"}}}}
    columns:
"""


def save(project: Path, name: str, sql: str, columns: dict[str, str]) -> None:
    marts = project / "dbt_project/models/marts"
    is_table = name == "as_a_table"
    yaml = YAML.format(name=name, materialized="table" if is_table else "incremental")
    for column, kind in columns.items():
        yaml += f"      - {{name: {column}, data_type: {kind}, description: It.}}\n"
    (marts / f"{name}.sql").write_text(sql)
    (marts / f"{name}.yml").write_text(yaml)


@pytest.fixture(scope="module")
def history(new_server: NewServer, own_project: Path) -> History:
    for name, sql in MARTS.items():
        save(own_project, name, sql, COLUMNS)
    save(
        own_project,
        "legal",
        LEGAL,
        dict.fromkeys(("employee_id", "department_id"), "integer"),
    )
    counts = dict.fromkeys(("department_id", "hires"), "integer")
    save(own_project, "by_department", BY_DEPARTMENT, counts)
    history = History(new_server(own_project).start())
    history.batch("departments", [(1, "Sales"), (2, "Legal")], Prefer="respond-async")
    history.batch("jobs", [(1, "Clerk")], Prefer="respond-async")
    return history


def hire(number: int, department: int = 1, day: int = 1) -> Row:
    return (number, "Ann", f"2021-01-{day:02}T00:00:00Z", department, 1)


def assert_equal(history: History) -> None:
    """Every mart is what the newest rows of the loads that count make of it."""
    hires = history.tables["hired_employees"].to_dict("records")
    wanted = sorted((h["id"], h["department_id"]) for h in hires)
    server = history.server
    for name in MARTS:
        rows = server.rows(name, sort="employee_id")
        found = [(row["employee_id"], row["department_id"]) for row in rows]
        assert found == wanted, name
    rows = server.rows("legal", sort="employee_id")
    assert [row["employee_id"] for row in rows] == [n for n, to in wanted if to == 2]
    counted = Counter(to for _, to in wanted)
    rows = server.rows("by_department")
    assert {row["department_id"]: row["hires"] for row in rows} == counted


def test_each_is_what_a_table_would_be(history: History) -> None:
    """After loads, a correction, an undo, a redo, late rows, and another table."""
    history.upload("hired_employees", [hire(n, day=n) for n in range(1, 9)])
    assert_equal(history)
    later = history.upload("hired_employees", [hire(9, day=20), hire(10, 2, day=21)])
    assert_equal(history)
    history.upload("hired_employees", [hire(2, department=2, day=2)])
    assert_equal(history)
    correction = history.upload("hired_employees", [hire(10, day=22), hire(2, day=3)])
    assert_equal(history)
    history.undo(correction["load_id"])
    assert_equal(history)
    history.undo(later["load_id"])
    assert_equal(history)
    history.undo(max(history.turns))
    assert_equal(history)
    history.upload("hired_employees", [hire(3, 2), hire(11)], mode="replace")
    assert_equal(history)
