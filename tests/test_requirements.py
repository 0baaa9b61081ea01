"""What is installed: pinned with hashes, alike in every environment, and audited."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from api.config import CHECKOUT

FOLDER = CHECKOUT / "requirements"
FILES = [CHECKOUT / "requirements.txt", *sorted(FOLDER.glob("*.txt"))]
LISTS = sorted(FOLDER.glob("*.in"))
# dbt-sqlite holds it back; no engine's own SQL depends on it.
OF_THE_ENGINE = {"dbt-adapters"}
REQUIREMENT = re.compile(
    r"^([\w.-]+)(?:\[.*\])?==([^\s;\\]+)(.*(?:\n    --hash.*)*)", re.M
)


def canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    found = REQUIREMENT.findall(path.read_text())
    return {canonical(name): version for name, version, _ in found}


def listed(path: Path) -> set[str]:
    """What a list asks for by itself."""
    names = re.findall(r"^([\w.-]+)\S*$", path.read_text(), re.MULTILINE)
    return {canonical(name) for name in names if not name.startswith("-")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_package_has_a_version_and_hashes(path: Path) -> None:
    found = REQUIREMENT.findall(path.read_text())
    assert len(found) == len({name for name, *_ in found})
    for name, _, rest in found:
        assert "--hash=sha256:" in rest, name
    # And nothing else is in it, such as where packages come from.
    left = REQUIREMENT.sub("", path.read_text())
    assert [line for line in left.splitlines() if line and "#" not in line] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_tells_where_it_was_made(path: Path) -> None:
    assert not re.search(r"://|index-url|find-links|(?<![\w.])/\w", path.read_text())


def test_the_same_package_has_one_version() -> None:
    default = pins(FILES[0])
    for path in FILES:
        for name, version in pins(path).items():
            if name in default and name not in OF_THE_ENGINE:
                assert version == default[name], f"{path.name}: {name}"


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_what_a_list_asks_for_is_pinned(path: Path) -> None:
    """`make requirements` was run after the list was changed."""
    compiled = (FOLDER / "compile").read_text()
    targets = re.findall(rf"^compile (\S+) .*\b{path.name}\b", compiled, re.MULTILINE)
    targets = targets or [f"{path.stem}.txt"]
    assert listed(path)
    for target in targets if path.name != "server.in" else ["serve-sqlite.txt"]:
        assert listed(path) <= pins(FOLDER / target).keys(), target


def test_the_options_of_pytest_are_understood_wherever_tests_run() -> None:
    """pyproject.toml is read there: `-n` is xdist's, the profile hypothesis's."""
    for path in FILES:
        if "pytest" in pins(path) and path.name != "fuzz.txt":
            assert {"pytest-xdist", "hypothesis"} <= pins(path).keys(), path.name


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ("No known vulnerabilities found", 0, "no known vulnerability in"),
        ("Found 1 known vulnerability in 1 package", 1, "Found 1 known"),
        ("requests.exceptions.ConnectionError: no route", 0, "SKIPPED"),
        ("ERROR: Could not connect to the feed", 0, "SKIPPED"),
        ("ERROR: no such file", 1, "no such file"),
    ],
)
def test_an_audit_fails_over_what_it_finds_and_says_where_it_could_not_ask(
    tmp_path: Path, said: str, status: int, told: str
) -> None:
    stand_in = tmp_path / "pip-audit"
    code = 0 if said.startswith("No") else 1
    stand_in.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    stand_in.chmod(0o755)
    done = subprocess.run(
        [FOLDER / "audit", stand_in], capture_output=True, text=True, check=False
    )
    assert (done.returncode, told in done.stdout) == (status, True)


def test_every_set_but_parts_of_others_is_audited() -> None:
    audited = re.findall(r"-r (\S+\.txt)", (FOLDER / "audit").read_text())
    expected = [path for path in FILES if not path.name.startswith("serve-")]
    assert {(FOLDER / name).resolve() for name in audited} == set(expected)
