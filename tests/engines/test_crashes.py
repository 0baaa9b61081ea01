"""kill -9 in mid-load and mid-build: what was acknowledged is there, nothing is half
there, and everything goes on by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.server import Server, wait_until

from engines.backends import Backend
from engines.conftest import NewServer
from engines.history import Entry, History, Row, csv_of
from engines.slow_project import kill_builder, slow_down, wait_until_in_the_slow_mart
from engines.streamed import Upload

MANY = 100_000
# How far a load has come: its file is half sent, has just been sent, is being stored.
MOMENTS = {"half sent": 0.0, "sent": 0.0, "being stored": 0.1}


def hires(first: int, count: int, department: int = 1) -> list[Row]:
    return [
        (n, f"Ann {n}", f"2021-{n % 12 + 1:02}-03", department, 1)
        for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def history(server: Server) -> History:
    history = History(server)
    departments = [(1, "Sales"), (2, "Legal"), (3, "Support"), (4, "Nobody")]
    history.batch("departments", departments, Prefer="respond-async")
    history.batch("jobs", [(1, "Clerk")])
    return history


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_load_that_is_cut_off_is_whole_or_not_there_and_counts_once(
    history: History, server: Server, moment: str
) -> None:
    number = list(MOMENTS).index(moment)
    # Acknowledged as durable, and not built yet.
    for part in range(4):
        rows = hires(1_000 * number + 10 * part, 10, department=2)
        history.batch("hired_employees", rows, Prefer="respond-async")
    # The same people every time, of another department: half of them would be seen.
    many = hires(10_000, MANY, department=1 + number)
    upload = Upload(server, "hired_employees", csv_of(many))

    def kill() -> None:
        time.sleep(MOMENTS[moment])
        server.kill()

    upload.interrupt("half sent" if moment == "half sent" else "sent", kill)
    server.start()
    loads = {n["load_id"]: n["loaded"] for n in server.get("/loads").json()}
    there = [n for n in loads if n not in history.entries]
    assert [loads[n] for n in there] in ([], [MANY])
    assert not there or moment != "half sent"
    # Once it was acknowledged it is there.
    assert there or upload.answer is None
    if there:
        history.entries[there[0]] = Entry("hired_employees", "append", many)
    history.wait_until_built()
    history.assert_served([2021])

    # Again: it is the load that it was, or a new one.
    told = history.upload("hired_employees", many)
    assert told["already_loaded"] == bool(there)
    history.assert_served([2021])


def test_what_was_acknowledged_is_there_after_kill_9_of_everything(
    history: History, server: Server
) -> None:
    history.upload("departments", [(2, "Law")], Prefer="respond-async")
    for n in range(5):
        rows = hires(5_000 + 10 * n, 10, department=2)
        history.upload("hired_employees", rows, b"x,y\n", Prefer="respond-async")
    told = history.undo(max(history.entries), Prefer="respond-async")
    server.kill()
    server.start()
    history.wait_until_built()
    history.assert_served([2021])
    newest = server.get("/loads").json()
    assert newest[0]["load_id"] == told["load_id"]
    assert [load["rejected"] for load in newest[1:6]] == [1] * 5


@pytest.fixture(scope="module")
def slow(
    new_server: NewServer, own_project: Path, engine: Backend, server: Server
) -> History:
    """A server whose builds take some seconds; the other one is stopped."""
    server.stop()
    slow_down(own_project, engine)
    history = History(new_server(own_project).start())
    history.batch("departments", [(1, "Sales"), (2, "Legal")], Prefer="respond-async")
    history.batch("jobs", [(1, "Clerk")])
    return history


def test_a_builder_that_is_killed_in_mid_build_comes_back_and_finishes(
    slow: History,
) -> None:
    server = slow.server
    before = server.get("/metrics/departments_above_average").headers["Build-Id"]
    slow.batch("hired_employees", hires(1, 20), Prefer="respond-async")
    wait_until_in_the_slow_mart(server)
    kill_builder(server)
    # Served meanwhile: the build of before, whole.
    answer = server.get("/metrics/departments_above_average")
    assert (answer.headers["Build-Id"], answer.json()) == (before, [])
    slow.wait_until_built()
    slow.assert_served([2021])
    # Loads are taken and built as ever.
    slow.batch("hired_employees", hires(10, 20, department=2))
    slow.assert_served([2021])


def test_a_kill_of_everything_in_mid_build_ends_in_that_build(slow: History) -> None:
    server = slow.server
    slow.batch("hired_employees", hires(30, 5), Prefer="respond-async")
    wait_until_in_the_slow_mart(server)
    server.kill()
    server.start()
    slow.wait_until_built()
    slow.assert_served([2021])
    wait_until(lambda: server.get("/status").json()["builder"] == "running")
