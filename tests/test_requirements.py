"""The environments: what several of them pin, they pin alike."""

from __future__ import annotations

import re

import pytest

from api.config import CHECKOUT

FILES = sorted(CHECKOUT.glob("requirements*.txt"))
# dbt-sqlite holds it back; no engine's own SQL depends on it.
OF_THE_ENGINE = {"dbt-adapters"}


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([\w.\[\]-]+)==(\S+)", text, re.MULTILINE)
    return {re.sub(r"\[.*|[-_.]", "-", name).lower(): pin for name, pin in found}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_pinned(path) -> None:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    for line in filter(None, lines):
        assert line.startswith("-r ") or "==" in line, line


def test_the_same_package_has_one_version() -> None:
    default = pins((CHECKOUT / "requirements.txt").read_text())
    for path in FILES:
        for name, version in pins(path.read_text()).items():
            if name in default and name not in OF_THE_ENGINE:
                assert version == default[name], f"{path.name}: {name}"


def test_the_options_of_pytest_are_understood_wherever_tests_run() -> None:
    """`.pytest.ini` is read there: `-n` is xdist's, the profile hypothesis's."""
    for path in FILES:
        pinned = pins(path.read_text())
        if "pytest" in pinned:
            assert {"pytest-xdist", "hypothesis"} <= pinned.keys(), path.name
