"""The fuzzer's targets on their seeds, and on all that it has found so far."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "fuzz"))
from targets import TARGETS  # noqa: E402

# What once broke a target; the first byte picks the table, as the target says.
FOUND: list[tuple[str, bytes]] = []


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_pass(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_is_mended(name: str, data: bytes) -> None:
    TARGETS[name].run(data)
