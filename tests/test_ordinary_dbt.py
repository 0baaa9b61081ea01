"""What dbt's own documentation shows and SQLite answers in its own way: schemas, stored
failures, marts of today. What every engine has to do is in
tests/engines/test_ordinary_dbt.py."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.inspection import query
from support.project import copy_project
from support.server import Server, wait_until

MART = """
models:
  - name: {name}
    description: One row.
    config: {{meta: {{title: {name}, refresh: daily}}}}
    columns:
      - {{name: day, data_type: date, description: The day.}}
      - {{name: half, data_type: real, description: A half.}}
"""
OF_A_SCHEMA = """
{% snapshot elsewhere %}
{{ config(target_schema="elsewhere", unique_key="job_id", strategy="check",
    check_cols=["job"]) }}
select * from {{ ref('stg_jobs') }}
{% endsnapshot %}
"""


def mart(project: Path, name: str, half: str) -> None:
    marts = project / "dbt_project/models/marts"
    (marts / f"{name}.sql").write_text(
        f"select {{{{ utc_today() }}}} as day, {half} as half"
    )
    (marts / f"{name}.yml").write_text(MART.format(name=name))


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Its marts are of a schema of their own. Of the one of today a build warns."""
    folder = tmp_path_factory.mktemp("ordinary")
    project = copy_project(folder / "project")
    settings = project / "dbt_project.yml"
    text = settings.read_text()
    assert "    marts:\n" in text
    settings.write_text(text.replace("    marts:\n", "    marts:\n      +schema: hr\n"))
    mart(project, "today", "1 / 2")
    warehouse = shutil.copytree(sample_warehouse, folder / "warehouse")
    server = Server(Path(warehouse), project, log=folder / "log").start()
    wait_until(lambda: newest(server)["build_id"] > 1)
    (warning,) = newest(server)["failures"]
    assert (warning["name"], warning["status"]) == ("today", "warn")
    assert warning["words"].startswith(
        "today divides whole numbers for its column half"
    )
    yield server
    server.stop()


def newest(server: Server) -> dict[str, Any]:
    build: dict[str, Any] = server.get("/builds", params={"limit": 1}).json()[0]
    return build


def tables(server: Server) -> set[str]:
    """Of main.db."""
    sql = "select name from sqlite_master where type = 'table'"
    return {name for (name,) in query(server.warehouse / "main.db", sql)[0]}


def test_models_of_a_schema_of_their_own_are_published(server: Server) -> None:
    assert newest(server)["status"] == "published"
    assert len(server.rows("today")) == 1
    assert "today" in tables(server)


def test_a_mart_of_today_is_built_again_once_a_day(server: Server) -> None:
    """By the clock alone: nothing is loaded, no file is saved, the warehouse stands.

    By a builder that has not compiled it before, and warns of it as the one before.
    """
    before = newest(server)
    server.stop()
    long_ago = "update builds set started_at = '2021-01-01T00:00:00.000Z'"
    query(server.warehouse / "published.db", long_ago)
    server.start()
    wait_until(lambda: newest(server)["build_id"] > before["build_id"])
    again = newest(server)
    assert (again["status"], again["run_by"]) == ("published", "the builder")
    assert again["failures"] == before["failures"]


def test_rows_that_fail_a_test_are_stored_where_they_are_found(server: Server) -> None:
    done = server.dbt("test", "--select", "stg_jobs,test_type:data", "--store-failures")
    assert done.returncode == 0, done.stdout
    assert "unique_stg_jobs_job_id" in tables(server)


def test_a_run_that_dbt_has_left_a_test_out_of_is_not_published(server: Server) -> None:
    """A terminal's, where dbt warns of it once and then no more. The project stays
    broken, which the tests below do not mind."""
    path = next(server.project.rglob("int_hires_by_quarter.yml"))
    path.write_text(path.read_text().replace("ref('stg_jobs')", "ref('stg_job')", 1))

    def held_back() -> int:
        left_out = "Not published: dbt leaves out relationships_int_hires_by_quarter"
        outcomes = [build["outcome"] for build in server.get("/builds").json()]
        return sum(outcome.startswith(left_out) for outcome in outcomes)

    for times, is_warned in ((1, True), (2, False)):
        done = server.dbt("test", "--select", "stg_jobs,test_type:data")
        assert done.returncode == 0, done.stdout
        assert ("named 'stg_job' in package" in done.stdout) is is_warned
        wait_until(lambda n=times: held_back() == n)
    checked = server.command("check")
    assert checked.returncode == 1
    told = "there is no 'stg_job' to read (did you mean 'stg_jobs'?)"
    assert f"int_hires_by_quarter.yml: {told}" in checked.stderr


def test_another_schema_of_a_snapshot_is_refused_in_words(server: Server) -> None:
    snapshots = server.project / "snapshots"
    snapshots.mkdir()
    (snapshots / "elsewhere.sql").write_text(OF_A_SCHEMA)
    done = server.dbt("snapshot")
    assert done.returncode != 0
    assert "no schema elsewhere on SQLite: leave target_schema out" in done.stdout
    shutil.rmtree(snapshots)


def test_dev_neither_clones_nor_defers_and_says_why(
    server: Server, sample_warehouse: Path
) -> None:
    """The models of another target are in another file."""
    state = ["--target", "dev", "--select", "stg_jobs"]
    state += ["--state", str(sample_warehouse / "builder")]
    cloned = server.dbt("clone", *state)
    assert "SQLite cannot clone" in cloned.stdout, cloned.stdout
    deferred = server.dbt("run", "--defer", *state)
    assert "The target dev cannot defer" in deferred.stdout, deferred.stdout
    names = "select name from sqlite_master where name = 'stg_jobs'"
    assert query(server.warehouse / "dev.db", names) == [[]]
