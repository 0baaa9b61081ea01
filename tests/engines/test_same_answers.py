"""One history on the engine and on SQLite: every answer is the same, byte by byte.

SQLite's server runs in the default environment. It builds once a stage where an engine
that builds fast does so after every load; an engine whose builds are slow is held until
it has all loads of a stage. SQLite itself is compared with a second server of its own,
which is sent the rows of each load in three, and none of the bad ones: what is counted
may depend on neither, here or where answers are the same as here.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from os.path import commonprefix
from typing import Any

import pytest
from support.server import Server, wait_until

from api.config import CHECKOUT
from engines.backends import Backend
from engines.conftest import NewServer, in_few_builds
from engines.questions import ask_ledger, ask_metrics
from engines.script import STAGES, Load, Step, Undo, newest_is_built, play

PARTS = 3
# As much is told of an answer that differs.
SHOWN = 120


@dataclass
class Played:
    """What a server answered: to metrics after each stage, of its ledger at the end."""

    metrics: list[dict[str, Any]]
    ledger: dict[str, Any]


def played(
    server: Server,
    stages: list[list[Step]],
    wait: bool,
    in_all_formats: bool = True,
    engine: Backend | None = None,
) -> Played:
    server.start()
    try:
        metrics = []
        for stage in stages:
            with in_few_builds(engine, server) if engine else nullcontext():
                for step in stage:
                    play(server, step, wait)
            wait_until(lambda: newest_is_built(server))
            metrics.append(ask_metrics(server, in_all_formats))
        return Played(metrics, ask_ledger(server))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def under_test(new_server: NewServer, engine: Backend) -> Played:
    is_compared = engine.name != "sqlite"
    waits = engine.rounds > 1 and is_compared
    return played(new_server(), STAGES, waits, is_compared, engine)


@pytest.fixture(scope="module")
def on_sqlite(engine: Backend, tmp_path_factory: pytest.TempPathFactory) -> Played:
    if engine.name == "sqlite":
        pytest.skip("SQLite is what the others are compared with")
    folder = tmp_path_factory.mktemp("sqlite")
    server = Server(
        folder / "warehouse",
        settings={"DBT_TARGET": "sqlite"},
        log=folder / "log",
        python=str(CHECKOUT / ".venv/bin/python"),
    )
    server.begin_parsed()
    return played(server, STAGES, wait=False)


@pytest.fixture(scope="module")
def in_other_parts(engine: Backend, new_server: NewServer) -> Played:
    if engine.name != "sqlite":
        pytest.skip("SQLite's answers, which are those of this engine, are compared")
    stages = in_parts(STAGES)
    return played(new_server(), stages, wait=False, in_all_formats=False)


def in_parts(stages: list[list[Step]]) -> list[list[Step]]:
    """The same history with each load cut into several, and each undo into as many."""
    entries: list[list[int]] = []
    last = 0
    found = []
    for stage in stages:
        steps: list[Step] = []
        for step in stage:
            parts = cut(step) if isinstance(step, Load) else undos(entries[step.of - 1])
            entries.append([last + n for n in range(1, len(parts) + 1)])
            last += len(parts)
            steps += parts
        found.append(steps)
    return found


def cut(load: Load) -> list[Step]:
    size = -(-len(load.rows) // PARTS)
    starts = range(0, len(load.rows), size)
    parts = [replace(load, rows=load.rows[n : n + size], bad=b"") for n in starts]
    # The rows after the first of a replacement are added to it.
    return [parts[0], *(replace(part, mode="append") for part in parts[1:])]


def undos(entries: list[int]) -> list[Step]:
    """The newest first, so that what a replacement hid is hidden to the last."""
    return [Undo(entry) for entry in reversed(entries)]


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_metrics_and_documents_are_answered_as_on_sqlite(
    under_test: Played, on_sqlite: Played, stage: int
) -> None:
    assert differing(under_test.metrics[stage], on_sqlite.metrics[stage]) == {}


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_metrics_do_not_depend_on_how_the_rows_were_sent(
    under_test: Played, in_other_parts: Played, stage: int
) -> None:
    asked = in_other_parts.metrics[stage]
    answers = {question: under_test.metrics[stage][question] for question in asked}
    assert differing(answers, asked) == {}


def test_loads_rejects_tables_and_backups_are_told_as_on_sqlite(
    under_test: Played, on_sqlite: Played
) -> None:
    assert differing(under_test.ledger, on_sqlite.ledger) == {}


def test_the_history_has_a_bit_of_everything(under_test: Played) -> None:
    modes = {load["mode"] for load in under_test.ledger["/loads"]}
    assert modes == {"append", "replace", "undo", "redo"}
    first, *_, last = under_test.metrics
    answers = set(map(str, first.values()))
    assert len(answers) > 0.8 * len(first), "questions that all get one answer"
    assert len(differing(first, last)) > 0.7 * len(first)
    assert {status for status, *_ in statuses(last)} == {200, 400}


def statuses(answers: dict[str, Any]) -> list[Any]:
    return [answer for answer in answers.values() if isinstance(answer, tuple)]


def differing(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """The questions with two answers, and where these begin to differ."""
    assert left.keys() == right.keys()
    return {
        question: parting(str(left[question]), str(right[question]))
        for question in left
        if left[question] != right[question]
    }


def parting(left: str, right: str) -> tuple[str, str]:
    place = len(commonprefix([left, right]))
    start = max(place - SHOWN // 2, 0)
    return left[start : start + SHOWN], right[start : start + SHOWN]
