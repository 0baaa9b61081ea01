"""docs/analysts.md, followed to the letter: its files written, its commands run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.client import open_client
from support.project import copy_project
from support.server import Server, run_command

from api.config import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "analysts.md").read_text()
FILES = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ (.+)$", GUIDE, re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_project(tmp_path_factory.mktemp("guide") / "project")
    for name, text in FILES:
        path = project / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


@pytest.fixture(scope="module")
def warehouse(project: Path, sample_warehouse: Path) -> Path:
    return Path(shutil.copytree(sample_warehouse, project.parent / "warehouse"))


def run(
    command: str, warehouse: Path, project: Path
) -> subprocess.CompletedProcess[str]:
    command = command.replace("../", f"{project.parent}/")
    if command.startswith("dbt "):
        return Server(warehouse, project).dbt_in_project(*command.split()[1:])
    assert command.startswith("python -m api ")
    return run_command(warehouse, *command.split()[3:], project=project)


def test_each_command_does_what_the_guide_says(project: Path, warehouse: Path) -> None:
    assert [command.split()[0] for command in COMMANDS].count("dbt") == 2
    for command in COMMANDS:
        done = run(command, warehouse, project)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (project.parent / "trial-warehouse").is_dir()


def test_what_was_written_is_published(project: Path, warehouse: Path) -> None:
    """The build of the command before; there is no builder."""
    done = run_command(warehouse, "build", project=project)
    assert done.returncode == 0, done.stderr
    with open_client(warehouse) as client:
        months = client.get("/metrics/hires_by_month").json
        hires = client.get("/metrics/employees_per_department.ndjson?year=all").text
        days = client.get("/metrics/newest_hire").json[0]["days_since"]
        quarters = client.get("/metrics/usual_quarter").json
        (build,) = client.get("/builds?limit=1").json
    assert months == sorted(months, key=lambda row: row["month_begins_on"])
    assert sum(month["hires"] for month in months) > len(hires.splitlines()) > 0
    assert days > 0
    assert quarters and all(row["hires"] >= 1 for row in quarters)
    assert build["failures"] == []


def test_the_guide_shows_every_kind_of_file() -> None:
    folders = {Path(name).parts[0] for name, _ in FILES}
    assert folders == {"dbt_project", "seeds", "snapshots"}
