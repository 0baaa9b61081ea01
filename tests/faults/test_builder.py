"""A builder that hangs or is killed, and databases of its own that are damaged or lost:
what is served comes back by itself, and nobody waits without being told."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest
from support import fork_server
from support.project import copy_project
from support.server import (
    Server,
    build_once,
    environment,
    run_command,
    wait_until,
)

from api.builder.retry import SILENCE_SECONDS
from api.config import CHECKOUT

ABOVE = "departments_above_average"
ENDLESS = """
with recursive n (i) as (select 1 union all select i + 1 from n)
select max(i) as year, 1 as hires from n
"""
ENDLESS_YAML = """
models:
  - name: endless
    description: Never done.
    config: {meta: {title: Endless}}
    columns:
      - {name: year, data_type: integer, description: "Never."}
      - {name: hires, data_type: integer, description: Never.}
"""


# A row for each department, and without an end as long as one is called so.
PATIENT = """
with recursive n (i) as (
    select 1
    union all
    select i + 1 from n
    where (select max(department = 'Forever') from {{ ref('stg_departments') }}) = 1
)
select
    department,
    (select max(i) from n) as steps
from {{ ref('stg_departments') }}
"""
PATIENT_YAML = """
models:
  - name: patient
    description: One row per department.
    config: {meta: {title: Patient, order_by: [department]}}
    columns:
      - {name: department, data_type: text, description: Its name.}
      - {name: steps, data_type: integer, description: One.}
"""


def builds(warehouse: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(warehouse / "published.db")) as published:
        sql = "select status, last_load_id from builds order by build_id"
        return published.execute(sql).fetchall()


def load_department(warehouse: Path, folder: Path, name: str) -> None:
    path = folder / "departments.csv"
    path.write_text(f"1,{name}\n")
    done = run_command(warehouse, "load", "--no-build", str(path))
    assert done.returncode == 0, done.stderr


def garbage(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(20_000))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "garbage": garbage,
    "cut in half": cut,
    "empty": lambda path: os.truncate(path, 0),
    "gone": Path.unlink,
}


def builder_once(variables: dict[str, str]) -> CompletedProcess[str]:
    return fork_server.run(["-m", "api.builder", "--once"], CHECKOUT, variables)


class Built(NamedTuple):
    """A warehouse after the first build of a load, and what there was to see of that.

    `left` is what stands in the project's folder, before the build and after it.
    """

    warehouse: Path
    seconds: float
    left: tuple[list[Path], list[Path]]


@pytest.fixture(scope="module")
def built(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One load, built from a project of its own; the warehouse is only ever copied."""
    folder = tmp_path_factory.mktemp("built")
    warehouse = Path(shutil.copytree(sample_warehouse, folder / "warehouse"))
    load_department(warehouse, folder, "Sales")
    project = copy_project(folder / "project")
    variables = environment(warehouse, project)
    del variables["DBT_LOG_PATH"]
    before, began = sorted(project.iterdir()), time.monotonic()
    done = builder_once(variables)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    return Built(warehouse, seconds, (before, sorted(project.iterdir())))


@pytest.fixture
def warehouse(built: Built, tmp_path: Path) -> Path:
    """A warehouse of the test's own, which shows one load."""
    return Path(shutil.copytree(built.warehouse, tmp_path / "warehouse"))


def test_a_build_makes_no_folder_outside_of_the_warehouse(built: Built) -> None:
    """The checkout may be read-only, and nothing more has to be set."""
    before, after = built.left
    assert after == before


def test_what_is_derived_is_built_anew_from_the_ledger(warehouse: Path) -> None:
    """A file that is cut or empty is no other; of published.db that is shown below."""
    for number, how in enumerate(("garbage", "gone"), 2):
        DAMAGES[how](warehouse / "main.db")
        build_once(warehouse)
        assert builds(warehouse)[1:] == [("published", 1)] * number, how
        with closing(sqlite3.connect(warehouse / "main.db")) as main:
            sql = "select department from stg_departments"
            assert main.execute(sql).fetchall() == [("Sales",)], how


def test_garbage_in_dbts_own_folder_stops_no_build(warehouse: Path) -> None:
    for path in (warehouse / "builder").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00garbage")
    build_once(warehouse)
    assert [status for status, _ in builds(warehouse)] == ["published"] * 3


class Live(NamedTuple):
    """A server whose builder is ended after `silence` seconds without a sign of life.

    However slow the machine, that has to be longer than what a builder does in silence:
    to import dbt, which is less than a build. Where it is not, after all, another try
    of the builder comes to what the tests wait for.
    """

    server: Server
    silence: int


@pytest.fixture(scope="module")
def live(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    warehouse = Path(shutil.copytree(built.warehouse, folder / "warehouse"))
    project = copy_project(folder / "project")
    silence = max(10, round(built.seconds))
    settings = {"BUILD_TIMEOUT_SECONDS": str(silence)}
    log = folder / "log"
    server = Server(warehouse, project, settings=settings, log=log).start()
    yield Live(server, silence)
    server.stop()


def is_built(server: Server, load_id: int) -> bool:
    build = server.get(f"/loads/{load_id}").json()["build"]
    return bool(build["status"] == "published")


def assert_told_of_silence(live: Live, answer: Any) -> None:
    """The load is safe, and whoever waited for it hears why no build holds it."""
    assert answer.status_code == 201, answer.text
    (failure,) = answer.json()["build"]["failures"]
    assert failure["kind"] == "timeout"
    assert f"no sign of life for {live.silence} s" in failure["message"]
    assert failure["words"] == failure["message"]


# The next three share a server. The first needs a builder that has not built yet, or
# costs the others the import of dbt once more.


def test_a_builder_that_is_stopped_is_replaced_and_the_next_one_holds_off(
    live: Live,
) -> None:
    server = live.server
    stopped = server.builder
    os.kill(stopped, signal.SIGSTOP)
    answer = server.batch("departments", [[1, "Stopped"]])
    assert_told_of_silence(live, answer)
    assert server.builder != stopped
    load_id = answer.json()["load_id"]
    wait_until(lambda: is_built(server, load_id))
    after, before = server.get("/builds?limit=2").json()
    assert (after["status"], before["status"]) == ("published", "failed")
    began, told = (datetime.fromisoformat(n["started_at"]) for n in (after, before))
    assert (began - told).total_seconds() >= SILENCE_SECONDS[0]
    # Each silence is counted once, or the next builder would hold off for longer.
    assert server.log is not None
    log = server.log.read_text()
    assert log.count('"builder_silent"') == log.count('"builder_end"') > 0


def test_a_running_server_serves_again_after_each_damage(live: Live) -> None:
    server, years = live.server, itertools.count(1000)

    def is_served() -> bool:
        # Another year each time: what the server has in memory would do for a while.
        answer = server.get(f"/metrics/{ABOVE}", params={"year": next(years)})
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    for how, damage in DAMAGES.items():
        damage(server.warehouse / "published.db")
        answer = server.batch("departments", [[1, how]])
        assert answer.status_code in (201, 202), answer.text
        wait_until(is_served)
        load_id = answer.json()["load_id"]
        wait_until(lambda n=load_id: is_built(server, n))
        assert is_served()


def test_a_model_without_an_end_is_ended_told_and_mended(live: Live) -> None:
    server = live.server
    marts = server.project / "dbt_project/models/marts"
    (marts / "endless.yml").write_text(ENDLESS_YAML)
    (marts / "endless.sql").write_text(ENDLESS)
    # dbt writes a model's SQL down right before it runs it.
    runs = server.warehouse / "builder/run"
    wait_until(lambda: any(runs.rglob("endless.sql")))
    answer = server.batch("departments", [[1, "Endless"]])
    assert_told_of_silence(live, answer)
    for path in marts.glob("endless.*"):
        path.unlink()
    load_id = answer.json()["load_id"]
    wait_until(lambda: is_built(server, load_id))


def test_kill_9_in_a_build_without_dbt_loses_nothing_and_serves_nothing_half_built(
    live: Live,
) -> None:
    """In a mart without an end: found to be silent, it would be killed likewise."""
    server = live.server

    def departments() -> list[str]:
        rows = server.rows("patient")
        assert {row["steps"] for row in rows} == {1}
        return [row["department"] for row in rows]

    def when_dbt_ran_it() -> float:
        # dbt writes a model's SQL down right before it runs it.
        (file,) = (server.warehouse / "builder/run").rglob("patient.sql")
        return file.stat().st_mtime

    marts = server.project / "dbt_project/models/marts"
    (marts / "patient.yml").write_text(PATIENT_YAML)
    (marts / "patient.sql").write_text(PATIENT)
    wait_until(lambda: server.get("/metrics/patient").status_code == 200)
    for name in ("First", "Second"):
        answer = server.batch("departments", [[1, name]])
        assert answer.json()["build"]["status"] == "published", answer.text
    by_dbt, served = when_dbt_ran_it(), departments()
    assert "Second" in served
    held = server.batch("departments", [[1, "Forever"]], prefer="respond-async")
    wait_until(lambda: server.get("/builds/current").json().get("step") == "patient")
    assert when_dbt_ran_it() == by_dbt, "it is not dbt that builds"
    rows = [[1, "Third"], [2, "Fourth"]]
    late = server.batch("departments", rows, prefer="respond-async")
    assert departments() == served
    with closing(sqlite3.connect(server.warehouse / "main.db")) as main:
        staged = main.execute("select department from stg_departments").fetchall()
    assert sorted(name for (name,) in staged) == served, "nor built by half"
    with suppress(ProcessLookupError):
        os.kill(server.builder, signal.SIGKILL)
    load_ids = [answer.json()["load_id"] for answer in (held, late)]
    wait_until(lambda: is_built(server, load_ids[1]))
    others = set(served) - {"Second"}
    assert set(departments()) == others | {"Third", "Fourth"}
    loads = {load["load_id"]: load["loaded"] for load in server.get("/loads").json()}
    assert [loads[number] for number in load_ids] == [1, 2]
    assert is_built(server, load_ids[0])
