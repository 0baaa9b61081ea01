"""Several dbt runs on one warehouse: at once, after a crash, with unusual options."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from support.inspection import (
    BUILD,
    QUIETLY,
    dbt_succeeds,
    judge,
    published,
    warm_dbt,
)
from support.project import Edit
from support.server import HANG_SECONDS, build_once, environment, run_command, run_dbt

from api.config import CHECKOUT
from api.warehouse.engines import LEASE_OWNER

FIRST = "1,Ann,2021-01-01,1,1\n"
SECOND = "2,Ben,2021-01-01,1,1\n"


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    # This process never opens a warehouse through ADBC below: see tests/test_locks.py.
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(sql).fetchall()
        connection.commit()
    return found


def load_hires(warehouse: Path, folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text)
    done = run_command(
        warehouse, "load", "--no-build", "--table", "hired_employees", str(path)
    )
    assert done.returncode == 0, done.stderr


def employees(warehouse: Path) -> list[tuple[object, ...]]:
    sql = "select employee_id from stg_hired_employees order by employee_id"
    return rows(warehouse / "main.db", sql)


def test_two_runs_at_once_take_turns_and_both_are_published(warehouse: Path) -> None:
    def build(target: str) -> subprocess.CompletedProcess[str]:
        # Each with a target folder of its own: dbt's files there are not for sharing.
        options = f"{QUIETLY} --target-path {warehouse / target}"
        return warm_dbt(warehouse, f"{BUILD} {options}")

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(build, ["one", "two"]))
    assert [run.returncode for run in done] == [0, 0], done[0].stdout + done[1].stdout
    turns = "select started_at, finished_at from dbt_runs order by finished_at"
    (_, first_end), (_, second_end) = rows(warehouse / "main.db", turns)[-2:]
    models = "select count(*) from dbt_results where seconds > 0"
    assert first_end < second_end and rows(warehouse / "main.db", models) != [(0,)]
    judge(warehouse)
    assert published(warehouse).builds == ["published", "not_published", "published"]


def lease(warehouse: Path, owner: str, expires_in: float) -> None:
    sql = (
        f"insert into dbt_lease values (1, 'dead', '{owner}',"
        f" julianday('now') * 86400 + {expires_in})"
    )
    rows(warehouse / "main.db", sql)


@contextmanager
def lease_without_end(warehouse: Path, owner: str) -> Iterator[None]:
    """A lease that does not run out as long as nobody takes it away.

    A run that waits for it gives up after its two minutes.
    """
    lease(warehouse, owner, expires_in=30)
    ended = Event()

    def renew() -> None:
        there = "select 1 from dbt_lease where invocation_id = 'dead'"
        while rows(warehouse / "main.db", there) and not ended.wait(1):
            sql = "update dbt_lease set expires_at = julianday('now') * 86400 + 30"
            rows(warehouse / "main.db", f"{sql} where invocation_id = 'dead'")

    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(renew)
        try:
            yield
        finally:
            ended.set()
            renewing.result()


def test_a_builder_does_not_wait_for_one_that_died(warehouse: Path) -> None:
    with lease_without_end(warehouse, LEASE_OWNER):
        build_once(warehouse)


def test_a_run_waits_no_longer_than_a_dead_one_holds_the_lease(warehouse: Path) -> None:
    lease(warehouse, "a terminal", expires_in=3)
    expiry = "select expires_at from dbt_lease"
    ((expires_at,),) = rows(warehouse / "main.db", expiry)
    dbt_succeeds(warehouse, "run -s stg_jobs")
    ((is_over,),) = rows(
        warehouse / "main.db", f"select julianday('now') * 86400 >= {expires_at}"
    )
    assert is_over, "nor any less long"
    assert rows(warehouse / "main.db", "select * from dbt_lease") == []


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_lease_from_before_the_clock_was_put_holds_up_nobody(
    warehouse: Path, jump: int
) -> None:
    """Whoever waited for an hour would give up after two minutes."""
    lease(warehouse, "a terminal", expires_in=30 + jump)
    dbt_succeeds(warehouse, "run -s stg_jobs")
    assert rows(warehouse / "main.db", "select * from dbt_lease") == []


def test_empty_runs_publish_nothing_and_lose_nothing(
    warehouse: Path, tmp_path: Path
) -> None:
    hires = "run -s stg_hired_employees"
    load_hires(warehouse, tmp_path, "first.csv", FIRST)
    dbt_succeeds(warehouse, hires)
    load_hires(warehouse, tmp_path, "second.csv", SECOND)
    dbt_succeeds(warehouse, "run --empty")
    judge(warehouse)
    assert "--empty builds the models without" in published(warehouse).outcome
    dbt_succeeds(warehouse, hires)
    assert employees(warehouse) == [(1,), (2,)]


def test_a_changed_macro_builds_incremental_models_from_all_rows(
    warehouse: Path, project: Path, edit: Edit, tmp_path: Path
) -> None:
    load_hires(warehouse, tmp_path, "first.csv", FIRST)
    dbt_succeeds(warehouse, "run")
    load_hires(warehouse, tmp_path, "second.csv", SECOND)
    edit(
        "utc_timestamp.sql",
        "= 'Z' then {{ expression }}",
        "= 'Z' then replace({{ expression }}, '2021-01', '2021-04')",
    )
    assert run_dbt(warehouse, "run", "--quiet", project=project).returncode == 0
    found = rows(
        warehouse / "main.db", "select quarter, hires from int_hires_by_quarter"
    )
    assert found == [(2, 2)]


def test_a_model_can_be_shown_without_a_run(warehouse: Path, tmp_path: Path) -> None:
    load_hires(warehouse, tmp_path, "first.csv", FIRST)
    shown = warm_dbt(warehouse, "show -s stg_hired_employees")
    assert shown.returncode == 0, shown.stdout
    assert "Ann" in shown.stdout


def test_the_builder_ends_when_its_parent_does(warehouse: Path) -> None:
    """As the supervisor starts it: its standard input is what ends with the parent."""
    builder = subprocess.Popen(
        [sys.executable, "-m", "api.builder"],
        cwd=CHECKOUT,
        env=environment(warehouse),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert builder.stderr is not None
        # It has looked at everything, and waits for something to do.
        assert any("build_unneeded" in line for line in builder.stderr)
        builder.communicate(timeout=HANG_SECONDS)
    finally:
        builder.kill()
        builder.wait()
    assert builder.returncode == 0
