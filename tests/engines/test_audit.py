"""Only what passed every test is served; what did not is told in words, then mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.server import Server, wait_until

from engines.conftest import NewServer
from engines.history import History

MART = "dbt_project/models/marts/quarterly_hires.sql"
NAME = "the_trial_hires_two_at_most"
TEST = f"dbt_project/tests/{NAME}.sql"
TEST_SQL = """
select *
from {{ ref('departments_above_average') }}
where department = 'Trial' and hired > 2
"""


@pytest.fixture(scope="module")
def history(new_server: NewServer, own_project: Path) -> History:
    """One hire of the two that the project's own test allows."""
    (own_project / TEST).parent.mkdir(exist_ok=True)
    (own_project / TEST).write_text(TEST_SQL)
    history = History(new_server(own_project).start())
    history.batch("departments", [(1, "Trial"), (2, "Legal")], Prefer="respond-async")
    history.batch("jobs", [(1, "Clerk")], Prefer="respond-async")
    history.batch("hired_employees", [(1, "Ann", "2021-02-03", 1, 1)])
    history.assert_served()
    return history


@pytest.fixture(scope="module")
def server(history: History) -> Server:
    return history.server


def served(server: Server) -> list[Any]:
    """Both metrics, byte for byte, with the build that they name."""
    names = ("departments_above_average", "employees_per_department")
    answers = [server.get(f"/metrics/{name}?year=all") for name in names]
    return [(a.content, a.headers["Build-Id"], a.headers["ETag"]) for a in answers]


def newest(server: Server) -> dict[str, Any]:
    build: dict[str, Any] = server.get("/builds", params={"limit": 1}).json()[0]
    return build


def test_a_load_that_fails_a_test_is_kept_and_the_last_good_marts_are_served(
    history: History, server: Server
) -> None:
    good = served(server)
    rows = [(n, "Ben", "2021-05-03", 1, 1) for n in (2, 3)]
    told = history.batch("hired_employees", rows)
    assert (told["loaded"], told["build"]["status"]) == (2, "failed")
    (failure,) = told["build"]["failures"]
    assert failure["name"] == NAME
    assert (failure["kind"], failure["status"], failure["rows"]) == ("test", "fail", 1)
    assert failure["words"] and failure["file"] == TEST
    assert failure["sample"] == [
        {"year": 2021, "id": 1, "department": "Trial", "hired": 3, "mean": 1.5}
    ]
    assert served(server) == good


def test_undoing_that_load_publishes_again(history: History) -> None:
    undone = history.undo(max(history.entries))
    assert undone["build"]["status"] == "published"
    history.assert_served()


def test_broken_sql_is_told_with_its_file_and_mended(
    history: History, server: Server, own_project: Path
) -> None:
    good = served(server)
    mart = own_project / MART
    text = mart.read_text()
    build_id = newest(server)["build_id"]
    mart.write_text(text.replace("sum(case", "summ(case", 1))
    wait_until(lambda: newest(server)["build_id"] > build_id)
    build = newest(server)
    assert build["status"] == "failed"
    failure = build["failures"][0]
    assert failure["file"] == MART
    assert "quarterly_hires" in failure["words"] and "summ" in failure["words"]
    assert "summ" in failure["message"]
    assert served(server) == good

    # A load meanwhile is safe, and is in the first build of the mended project.
    rows = [(4, "Cid", "2022-08-03", 2, 1)]
    told = history.batch("hired_employees", rows)
    assert told["build"]["status"] == "failed"
    assert served(server) == good
    mart.write_text(text)
    history.wait_until_built()
    history.assert_served()
