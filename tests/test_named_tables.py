"""SQL that reads tables of the warehouse past `ref()` and `newest_rows` is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.project import copy_project
from support.server import NO_UNIT_TESTS, Server, wait_until

from api.contract.hard_coded_names import KnownTables, hard_coded_tables

KNOWN = KnownTables({"jobs", "departments"}, {"stg_jobs", "jobs", "hires"})
MART = "dbt_project/models/marts/uploads.sql"
TEST = "dbt_project/tests/has_jobs.sql"
YAML = """
models:
  - name: uploads
    description: One row.
    config: {meta: {title: Uploads}}
    columns:
      - {name: rows, data_type: integer, description: How many.}
"""
WRONG = "select count(*) as {{ adapter.quote('rows') }}\nfrom raw.hired_employees"
SAID = (
    "The SQL of {} is wrong{}: raw.hired_employees is read as it is; rows that were"
    " undone, replaced or corrected are in it. Write {{{{ newest_rows(source('raw',"
    " 'hired_employees'), unique_key=...) }}}} or ref a model that does."
)


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        ("select * from raw.jobs", [1]),
        ('select *\nfrom\n "RAW" . [jobs] j\njoin main.stg_jobs using (id)', [3, 4]),
        ("select * from warehouse.raw.jobs", [1]),
        ("select * from {{ ref('a') }} as a, raw.jobs", [1]),
        ("with raw as (select * from raw.jobs) select raw.jobs from raw", [1]),
        ("select * from {{ source('raw', 'jobs') }}", [1]),
        ("{# \n #}\n-- '\nselect '\n', * from published.hires", [5]),
        # No tables, or not ours.
        ("-- from raw.jobs\nselect 'from raw.jobs' /* from raw.jobs */", []),
        ("{# from raw.jobs #}{% set x = ' from raw.jobs' %}select 1", []),
        ("with raw as (select 1 as jobs) select 1, raw.jobs from raw", []),
        ("select 1 as one, main.jobs from {{ ref('a') }} as main", []),
        ("select extract(year from raw.hired_on) from {{ ref('a') }} as raw", []),
        ("select * from raw.jobs_of_old, raw.loads, main.unknown", []),
        ("{{ newest_rows(source('raw', 'jobs'), unique_key='id') }}", []),
        ("select * from {{ ref('stg_jobs') }}, {{ ref('hires') }}", []),
    ],
)
def test_tables_that_are_named(sql: str, lines: list[int]) -> None:
    assert [line for line, _ in hard_coded_tables(sql, KNOWN)] == lines


def test_a_test_may_read_an_upload_table_whole() -> None:
    sql = "select * from {{ source('raw', 'jobs') }}"
    assert list(hard_coded_tables(sql, KNOWN, is_model=False)) == []


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("named")
    project = copy_project(folder / "project")
    warehouse = Path(shutil.copytree(sample_warehouse, folder / "warehouse"))
    server = Server(warehouse, project, log=folder / "log").start()
    yield server
    server.stop()


def newest(server: Server) -> dict[str, Any]:
    build: dict[str, Any] = server.get("/builds", params={"limit": 1}).json()[0]
    return build


def test_a_mart_and_a_test_that_name_tables_are_not_published(server: Server) -> None:
    """By the check, by the builder, and whoever else runs dbt."""
    before = newest(server)["build_id"]
    (server.project / TEST).parent.mkdir(exist_ok=True)
    (server.project / TEST).write_text(
        "select * from main.stg_jobs where job_id is null"
    )
    (server.project / MART).with_suffix(".yml").write_text(YAML)
    (server.project / MART).write_text(WRONG)
    wait_until(lambda: newest(server)["build_id"] > before)
    wait_until(lambda: len(newest(server)["failures"]) == 2)
    build = newest(server)
    assert build["status"] == "failed"
    found = {failure["file"]: failure for failure in build["failures"]}
    assert found[MART]["words"] == SAID.format("uploads", " near line 2")
    assert found[MART]["line"] == 2
    assert "{{ ref('stg_jobs') }}" in found[TEST]["words"]
    assert server.get("/metrics/uploads").status_code == 404

    checked = server.command("check")
    assert checked.returncode != 0
    assert f"{MART}: line 2: raw.hired_employees is read" in checked.stderr

    done = server.dbt("build", *NO_UNIT_TESTS)
    assert SAID.format("uploads", "") in " ".join(done.stdout.split()), done.stdout
    build = newest(server)
    assert (build["run_by"], build["status"]) == ("a terminal", "failed")
    assert server.get("/metrics/uploads").status_code == 404
