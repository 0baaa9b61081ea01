"""The commands from a terminal: what they print and how they exit."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

import pytest
from support import fork_server
from support.project import Edit
from support.server import environment, run_command

from api.config import CHECKOUT
from api.warehouse.engines.sqlite.builder_lock import only_builder

DEPARTMENTS = "1,Sales\n2,Legal\n"
HIRES = "id,name,datetime,department_id,job_id\n1,Ann,2021-05-01,1,1\n2,Ben,,1,1\n"


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_bytes(
        gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    )
    return str(path)


@pytest.mark.parametrize(
    "command", ["", "serve", "builder", "load", "build", "check", "openapi", "key"]
)
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    done = run_command(tmp_path, *command.split(), "--help")
    assert done.returncode == 0
    assert "Usage: python -m api" in done.stdout


def test_files_are_loaded_without_a_server(warehouse: Path, tmp_path: Path) -> None:
    files = [
        write(tmp_path, "departments.csv", DEPARTMENTS),
        write(tmp_path, "jobs.csv.gz", "1,Clerk\n"),
        write(tmp_path, "hired_employees.csv", HIRES),
    ]
    done = run_command(warehouse, "load", "--no-build", *files)
    assert done.returncode == 3, done.stderr
    assert "load 1 of departments: received 2, loaded 2, rejected 0" in done.stdout
    assert "load 3 of hired_employees: received 2, loaded 1, rejected 1" in done.stdout
    assert "line 3: datetime is required but empty" in done.stderr

    again = run_command(warehouse, "load", "--no-build", files[0])
    assert again.returncode == 0
    assert "was loaded before as load 1" in again.stdout


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("departments.csv", "", "it holds no rows"),
        ("departments.csv", "1x,Sales\n", "line 1: id must be a whole number"),
        ("deprtments.csv", DEPARTMENTS, "did you mean 'departments'"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why(
    warehouse: Path, tmp_path: Path, name: str, text: str, told: str
) -> None:
    done = run_command(warehouse, "load", write(tmp_path, name, text))
    assert done.returncode == 1
    assert told.lower() in done.stderr.lower()


def test_a_file_that_does_not_exist_says_so(warehouse: Path) -> None:
    done = run_command(warehouse, "load", "nowhere/departments.csv")
    assert done.returncode == 1
    assert "No such file" in done.stderr


def test_check_names_every_mistake(tmp_path: Path, project: Path, edit: Edit) -> None:
    good = run_command(tmp_path, "check", project=project)
    assert good.returncode == 0
    assert "3 upload tables, 2 metrics" in good.stdout
    edit("quarterly_hires.yml", "endpoint:", "endpont:")
    edit("_sources.yml", "data_type: timestamp", "data_type: datetime")
    bad = run_command(tmp_path, "check", project=project)
    assert bad.returncode == 1
    assert "quarterly_hires.yml" in bad.stderr and "'endpoint'" in bad.stderr
    assert "_sources.yml" in bad.stderr and "'timestamp'" in bad.stderr


def test_there_is_one_builder_per_warehouse(warehouse: Path) -> None:
    command = ["-m", "api.builder", "--once"]
    with only_builder(warehouse):
        second = fork_server.run(command, CHECKOUT, environment(warehouse))
    assert second.returncode == 3


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "many", "PORT='many' is not a whole number"),
        ("BUILD_WAIT_SECONDS", "soon", "BUILD_WAIT_SECONDS='soon' is not a number"),
        ("PORT", "65536", "PORT=65536 must be 1 to 65535"),
        ("THREADS", "0", "THREADS=0 must be at least 2"),
        ("BUILD_WAIT_SECONDS", "nan", "BUILD_WAIT_SECONDS=nan must be at least 0"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    done = run_command(tmp_path, "check")
    assert done.returncode == 2
    assert told in done.stderr


def test_a_second_server_on_the_port_says_that_it_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = str(other.getsockname()[1])
        done = run_command(tmp_path, "serve", "--port", port)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    assert not list(tmp_path.glob("*.db"))
