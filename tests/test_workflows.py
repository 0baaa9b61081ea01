"""The workflows say what there is: targets of the Makefile, commands, and files."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.commands import commands
from api.config import CHECKOUT
from api.contract.files import WATCHED

WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
MAKEFILE = (CHECKOUT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([\w./%-]+):(?!=)", MAKEFILE, re.MULTILINE))
ASSIGNED = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.MULTILINE))
NAMES = [path.name for path in WORKFLOWS]


def workflow(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def runs(path: Path) -> str:
    """Every line that a workflow has run."""
    jobs = workflow(path)["jobs"].values()
    return "\n".join(step.get("run", "") for job in jobs for step in job["steps"])


def made(script: str) -> list[list[str]]:
    """The arguments of each `make` in a script."""
    return [
        x.split() for x in re.findall(r"(?<![:\w])make +([^-\n|&;\"][^\n|&;]*)", script)
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_what_a_workflow_makes_is_in_the_makefile(path: Path) -> None:
    found = made(runs(path))
    assert found
    for target, *assigned in found:
        assert any(fnmatch(target, known.replace("%", "*")) for known in TARGETS)
        assert {text.partition("=")[0] for text in assigned} <= ASSIGNED


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_the_commands_of_a_workflow_exist(path: Path) -> None:
    found = re.findall(r"python -m api (\S+)", runs(path))
    assert set(found) <= set(commands.commands)


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_a_workflow_may_only_read_and_ends_by_itself(path: Path) -> None:
    assert workflow(path)["permissions"] == {"contents": "read"}
    for job in workflow(path)["jobs"].values():
        assert job["timeout-minutes"] <= 120


def test_forks_check_what_ci_checks() -> None:
    """The browser is the machine's own there, and needs no name in .ci/run."""
    ours = {target for target, *_ in made((CHECKOUT / ".ci/run").read_text())}
    theirs = {target for target, *_ in made(runs(WORKFLOWS[NAMES.index("ci.yml")]))}
    assert ours == theirs


def test_the_analysts_workflow_looks_at_what_a_build_depends_on() -> None:
    found = workflow(WORKFLOWS[NAMES.index("analyst.yml")])
    # YAML reads the key `on` as a boolean.
    paths = found[True]["pull_request"]["paths"]
    assert {path.removesuffix("/**") for path in paths} == set(WATCHED)
    assert "dbt build" in runs(WORKFLOWS[NAMES.index("analyst.yml")])
