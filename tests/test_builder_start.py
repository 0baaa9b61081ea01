"""A builder that starts: where nothing has changed since the last build it builds
nothing, and wherever that is in doubt it builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support import fork_server
from support.inspection import published, query
from support.project import Edit
from support.server import (
    Server,
    build_once,
    environment,
    run_command,
    run_dbt,
    wait_until,
)

from api.builder.watch import project_digest
from api.config import CHECKOUT
from api.contract.files import Project

# Looks as a builder does that has just started, and ends there.
LOOK = """
import os
from api.builder.heartbeat import Heart
from api.builder.loop import Builder
from api.config import Settings
from api.warehouse.engines import open_builder_store

settings = Settings.from_env()
engine = open_builder_store(settings)
builder = Builder(settings, engine, Heart())
try:
    builder._look_at_project()
    print(builder.is_up_to_date(engine.position()))
except engine.errors:
    # The builder gets over it, and builds.
    print(False)
"""


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = tmp_path_factory.mktemp("script") / "look.py"
    script.write_text(LOOK)
    return script


def is_up_to_date(
    look: Path, warehouse: Path, project: Path = CHECKOUT, **variables: str
) -> bool:
    given = environment(warehouse, project) | {"PYTHONPATH": str(CHECKOUT)} | variables
    done = fork_server.run([str(look)], CHECKOUT, given)
    assert done.returncode == 0, done.stderr
    return {"True\n": True, "False\n": False}[done.stdout]


def test_what_was_built_from_the_same_is_up_to_date_wherever_it_lies(
    look: Path, warehouse: Path, project: Path
) -> None:
    assert is_up_to_date(look, warehouse)
    # The same files, written again and somewhere else, are no other project.
    for path in project.rglob("*.sql"):
        path.write_bytes(path.read_bytes())
    assert is_up_to_date(look, warehouse, project)


def load(warehouse: Path, project: Path) -> None:
    path = warehouse.parent / "departments.csv"
    path.write_text("1,Sales\n")
    assert run_command(warehouse, "load", "--no-build", str(path)).returncode == 0


def raw(warehouse: Path, sql: str) -> None:
    query(warehouse / "raw.db", sql)


def ask_for_a_build(warehouse: Path, project: Path) -> None:
    raw(warehouse, "insert into build_requests (requested_at) values ('2021')")


def change_a_model(warehouse: Path, project: Path) -> None:
    path = project / "dbt_project/models/marts/quarterly_hires.sql"
    path.write_text(path.read_text() + "\n-- another text\n")


def change_a_seed(warehouse: Path, project: Path) -> None:
    path = project / "seeds/jobs.csv"
    path.write_text(path.read_text() + "999,Another\n")


def remove_a_test(warehouse: Path, project: Path) -> None:
    next((project / "dbt_project/models").rglob("stg_jobs.yml")).unlink()


def run_dbt_seed(warehouse: Path, project: Path) -> None:
    assert run_dbt(warehouse, "seed", "-s", "jobs").returncode == 0


def lose_the_models(warehouse: Path, project: Path) -> None:
    (warehouse / "main.db").unlink()


def lose_what_is_served(warehouse: Path, project: Path) -> None:
    (warehouse / "published.db").unlink()


def damage_the_models(warehouse: Path, project: Path) -> None:
    with (warehouse / "main.db").open("r+b") as file:
        file.write(os.urandom(20_000))


def damage_what_is_served(warehouse: Path, project: Path) -> None:
    with (warehouse / "published.db").open("r+b") as file:
        file.write(os.urandom(20_000))


def fail(warehouse: Path, project: Path) -> None:
    query(warehouse / "published.db", "update builds set status = 'failed'")


def publish_from_a_terminal(warehouse: Path, project: Path) -> None:
    query(warehouse / "published.db", "update builds set project_digest = ''")


def be_of_another_dbt(warehouse: Path, project: Path) -> None:
    query(warehouse / "published.db", "update builds set project_digest = 'other'")


DOUBTS = [
    load,
    ask_for_a_build,
    change_a_model,
    change_a_seed,
    remove_a_test,
    run_dbt_seed,
    lose_the_models,
    lose_what_is_served,
    damage_the_models,
    damage_what_is_served,
    fail,
    publish_from_a_terminal,
    be_of_another_dbt,
]


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda doubt: doubt.__name__)
def test_any_doubt_wants_a_build(
    look: Path, warehouse: Path, project: Path, doubt: Callable[[Path, Path], None]
) -> None:
    doubt(warehouse, project)
    assert not is_up_to_date(look, warehouse, project)


def test_another_ledger_of_the_same_length_wants_a_build(
    look: Path, warehouse: Path
) -> None:
    load(warehouse, CHECKOUT)
    build_once(warehouse)
    assert is_up_to_date(look, warehouse)
    raw(warehouse, "update loads set loaded_at = '2021-01-01T00:00:00.000Z'")
    assert not is_up_to_date(look, warehouse)


# The record of builds as it was before it had outcomes.
AS_BEFORE = (
    "alter table builds rename to now",
    "create table builds (build_id integer primary key autoincrement, status text not"
    " null check (status in ('published', 'failed')), invocation_id text not null"
    " unique, started_at text not null, finished_at text not null, last_load_id integer"
    " not null, last_request_id integer not null, steps text not null, failures text"
    " not null, marts text not null) strict",
    "insert into builds select build_id, status, invocation_id, started_at,"
    " finished_at, last_load_id, last_request_id, steps, failures, marts from now",
    "drop table now",
)


def test_a_warehouse_of_the_version_before_wants_a_build_and_gets_it(
    look: Path, warehouse: Path
) -> None:
    query(warehouse / "published.db", *AS_BEFORE)
    compiled = warehouse / "builder/compiled_tests.json"
    kept = json.loads(compiled.read_text())
    sql = {name: code for name, (_, code) in kept["tests"].items()}
    compiled.write_text(json.dumps({"of": kept["of"], "sql": sql}))
    assert not is_up_to_date(look, warehouse)
    build_once(warehouse)
    assert is_up_to_date(look, warehouse)
    assert published(warehouse).builds == ["published", "published"]


def test_a_variable_that_a_file_names_is_part_of_the_digest(project: Path) -> None:
    model = project / "dbt_project/models/marts/quarterly_hires.sql"
    model.write_text(model.read_text() + "{{ env_var('COUNTRY', '') }}")

    def digest(**variables: str) -> str:
        return project_digest(Project(project), "sqlite", variables)

    assert digest(COUNTRY="fr") != digest(COUNTRY="de") != digest()
    assert digest(OTHER="1", WAREHOUSE_DIR="/elsewhere") == digest()


@pytest.fixture
def live(warehouse: Path) -> Iterator[Server]:
    server = Server(warehouse, log=warehouse.parent / "log").start()
    yield server
    server.stop()


def events(server: Server) -> list[str]:
    assert server.log is not None
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line["event"] for line in lines]


def test_a_server_on_it_builds_nothing_until_there_is_something_to_build(
    live: Server,
) -> None:
    wait_until(lambda: "build_unneeded" in events(live))
    (only,) = live.get("/builds").json()
    first = published(live.warehouse)
    answer = live.batch("departments", [[1, "Sales"]])
    build = live.get(f"/builds/{answer.json()['build']['build_id']}").json()
    assert (build["status"], build["build_id"]) == ("published", only["build_id"] + 1)
    assert live.rows("employees_per_department") == [], "the sample is gone"

    # What had passed for the same files is not done again; every data test is.
    def steps_of(build: dict[str, list[dict[str, str]]]) -> set[tuple[str, str]]:
        return {(step["kind"], step["name"]) for step in build["steps"]}

    left_out = steps_of({"steps": first.steps}) - steps_of(build)
    assert {kind for kind, _ in left_out} == {"seed", "unit_test"}
    assert steps_of(build) < steps_of({"steps": first.steps})
    assert events(live).count("build_unneeded") == 1


def test_a_build_of_a_changed_project_repeats_what_the_change_may_change(
    warehouse: Path, project: Path
) -> None:
    def repeated() -> tuple[set[str], set[str]]:
        build_once(warehouse, project)
        steps = [(step["kind"], step["name"]) for step in published(warehouse).steps]
        seeds, unit_tests = (
            {name for kind, name in steps if kind == wanted}
            for wanted in ("seed", "unit_test")
        )
        return seeds, unit_tests

    def of_dbt() -> set[str]:
        """The tests for empty columns that dbt ran; the others had been compiled."""
        return {
            step["name"]
            for step in published(warehouse).steps
            if "not_null_" in step["name"] and step["seconds"]
        }

    all_there_are = {
        step["name"]
        for step in published(warehouse).steps
        if "not_null" in step["name"]
    }
    seeds = {path.stem for path in (project / "seeds").glob("*.csv")}
    of_the_mart = unit_tests_of(project, "quarterly_hires.yml")
    change_a_model(warehouse, project)
    assert repeated() == (set(), of_the_mart)
    assert of_dbt() == {name for name in all_there_are if "quarterly_hires" in name}
    change_a_seed(warehouse, project)
    below_it = unit_tests_of(project, "stg_jobs.yml") | of_the_mart
    assert repeated() == (seeds, below_it)
    assert {name for name in all_there_are if "stg_jobs" in name} < of_dbt()
    run_dbt_seed(warehouse, project)
    macro = next((project / "dbt_project/macros").rglob("*.sql"))
    macro.write_text(re.sub(r"(?={%-? endmacro)", "{# more #}", macro.read_text()))
    assert repeated() == (seeds, unit_tests_of(project, "*.yml"))
    assert of_dbt() == all_there_are

    # What dbt finds wrong keeps no compiled test from being run.
    test = project / "dbt_project/tests/none_is_above.sql"
    test.parent.mkdir()
    test.write_text("select * from {{ ref('departments_above_average') }}")
    assert run_command(warehouse, "build", project=project).returncode != 0
    failed = published(warehouse)
    assert {step["status"] for step in failed.steps} == {"success", "pass", "fail"}
    steps = f"1 of {len(failed.steps)} steps failed; the last good marts stay."
    assert failed.outcome == f"Not published: {steps}"


def test_a_project_that_was_moved_loads_its_own_seeds(
    warehouse: Path, project: Path, tmp_path: Path
) -> None:
    change_a_seed(warehouse, project)
    build_once(warehouse, project)
    moved = project.rename(tmp_path / "moved")
    run_dbt_seed(warehouse, moved)
    build_once(warehouse, moved)


def unit_tests_of(project: Path, pattern: str) -> set[str]:
    files = (project / "dbt_project/models").rglob(pattern)
    contents = [yaml.safe_load(path.read_text()) for path in files]
    return {test["name"] for file in contents for test in file.get("unit_tests", [])}


def test_a_builder_that_has_nothing_to_build_does_not_load_dbt() -> None:
    # Of its own: the process that the others are forked from has loaded it.
    code = "import api.builder.__main__, sys; sys.exit('dbt' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)


def test_a_build_that_leaves_no_record_is_not_published_and_says_why(
    warehouse: Path, project: Path, edit: Edit
) -> None:
    """Whoever waits for it would wait for ever."""
    edit("dbt_project.yml", '"{{ record_run(results) }}"', '"select 1"')
    command = ["-m", "api.builder", "--once"]
    done = fork_server.run(command, CHECKOUT, environment(warehouse, project))
    assert done.returncode == 1
    ended = published(warehouse)
    assert ended.builds == ["published", "not_published"]
    assert "on-run-end record_run(results)" in ended.outcome


def test_the_build_of_a_terminal_is_published_by_the_next_start_and_not_repeated(
    tmp_path: Path, project: Path
) -> None:
    warehouse = tmp_path / "warehouse"
    done = run_dbt(warehouse, "build", project=project)
    assert "Recorded. The server publishes it" in done.stdout
    server = Server(warehouse, project, log=tmp_path / "log").start()
    try:
        wait_until(lambda: "build_unneeded" in events(server))
        (only,) = server.get("/builds").json()
        assert (only["run_by"], only["status"]) == ("a terminal", "published")
        assert only["sample_data"] and server.rows("employees_per_department")
        wait_until(lambda: (warehouse / "lineage.html").exists())
    finally:
        server.stop()
