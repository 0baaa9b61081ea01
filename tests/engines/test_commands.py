"""Commands and dbt itself on the engine, without a server and beside one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.server import NO_UNIT_TESTS, Server, wait_until

from engines.backends import Backend
from engines.conftest import NewServer
from engines.history import History, csv_of

ABOVE = "departments_above_average"


@pytest.fixture(scope="module")
def stopped(new_server: NewServer, engine: Backend) -> Server:
    """A server that is not started: a warehouse for commands alone.

    An empty one where the first command has schemas to make.
    """
    return new_server(is_empty=engine.name != "sqlite")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each table; the one of the hires has a bad line."""
    folder = tmp_path_factory.mktemp("files")
    hires = csv_of([(n, "Ann", "2021-02-03", 1, 1) for n in range(1, 8)])
    (folder / "departments.csv").write_bytes(csv_of([(1, "Sales"), (2, "Legal")]))
    (folder / "jobs.csv").write_bytes(csv_of([(1, "Clerk")]))
    (folder / "hired_employees.csv").write_bytes(hires + b"x,Eve,2021-05-05,1,1\n")
    return folder


def test_files_are_loaded_built_and_undone_by_commands(
    stopped: Server, files: Path
) -> None:
    done = stopped.command("load", *map(str, sorted(files.glob("*.csv"))))
    assert done.returncode == 3, done.stderr
    published = "Published departments_above_average, employees_per_department"
    assert published in done.stdout
    again = stopped.command("load", "--no-build", str(files / "jobs.csv"))
    assert again.returncode == 0, again.stderr
    assert stopped.command("undo", "--no-build", "2").returncode == 0
    assert stopped.command("undo", "4").returncode == 0
    assert stopped.command("check").returncode == 0


def test_a_load_that_is_undone_before_it_is_built_leaves_no_trace(
    stopped: Server, files: Path, tmp_path: Path
) -> None:
    corrected = csv_of([(n, "Ben", "2021-02-03", 2, 1) for n in range(1, 5)])
    (tmp_path / "hired_employees.csv").write_bytes(corrected)
    path = str(tmp_path / "hired_employees.csv")
    assert stopped.command("load", "--no-build", path).returncode == 0
    assert stopped.command("undo", "--no-build", "6").returncode == 0
    assert stopped.command("build").returncode == 0
    stopped.start()
    assert stopped.rows(ABOVE) == [{"id": 1, "department": "Sales", "hired": 7}]
    told = [n["mode"] for n in stopped.get("/loads").json()]
    assert told == ["undo", "append", "redo", "undo", "append", "append", "append"]


def test_a_backup_of_all_tables_is_restored_by_command_beside_the_server(
    stopped: Server, tmp_path: Path
) -> None:
    assert stopped.command("backup", str(tmp_path)).returncode == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["departments.avro", "hired_employees.avro", "jobs.avro"]
    history = History(stopped)
    history.upload("departments", [(9, "The only one")], mode="replace")
    assert stopped.rows(ABOVE) == []
    done = stopped.command("restore", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert stopped.rows(ABOVE) == [{"id": 1, "department": "Sales", "hired": 7}]


def test_dbt_from_a_terminal_builds_and_publishes_beside_the_server(
    stopped: Server, engine: Backend
) -> None:
    def newest_build() -> dict[str, Any]:
        builds: list[dict[str, Any]] = stopped.get("/builds").json()
        return builds[0]

    before = newest_build()["build_id"]
    done = stopped.dbt("--warn-error", "build", *NO_UNIT_TESTS)
    assert done.returncode == 0, done.stdout
    wait_until(lambda: newest_build()["build_id"] > before)
    newest = newest_build()
    assert (newest["status"], newest["last_load_id"]) == ("published", 11)
    assert stopped.rows(ABOVE) == [{"id": 1, "department": "Sales", "hired": 7}]
