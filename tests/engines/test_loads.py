"""Loads of every kind, one after the other on one warehouse; after each, or after some
where builds are slow, both metrics are what pandas makes of what ought to count."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import fastavro
import pytest
from support.server import NO_UNIT_TESTS, Server, wait_until

from engines.backends import Backend
from engines.conftest import NewServer, in_few_builds
from engines.history import COLUMNS, METRICS, History, Row, csv_of

DEPARTMENTS: list[Row] = [(n, f"Department {n}") for n in range(1, 6)]
JOBS: list[Row] = [(n, f"Job {n}") for n in range(1, 4)]
BAD_HIRES = (
    b"x,Eve,2021-05-05,1,1\r\n"
    b"901,Eve,2021-13-05,1,1\r\n"
    b"902,,2021-05-05,1,1\r\n"
    b"903,Eve,2021-05-05,1\r\n"
    b"1,Eve,2021-05-05,1,1\r\n"
)
REASONS = [
    "not_an_integer",
    "not_a_timestamp",
    "missing_value",
    "wrong_width",
    "repeated_id",
]

LATER = {"Prefer": "respond-async"}
WITHOUT_DBT = '"event":"built_without_dbt"'


def hires(first: int, count: int, year: int = 2021) -> list[Row]:
    return [
        (n, f"Ann {n}", f"{year}-{n % 12 + 1:02}-03T04:05:06Z", n % 5 % 3 + 1, 1)
        for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Server:
    """One whose log tells which builds dbt had no part in."""
    return new_server(LOG_LEVEL="debug").start()


@pytest.fixture(scope="module")
def history(server: Server, engine: Backend) -> History:
    """Departments, jobs and 100 hires, with rejects, to begin with."""
    history = History(server)
    with in_few_builds(engine, server):
        history.upload("departments", DEPARTMENTS, **LATER)
        history.batch("jobs", JOBS, **LATER)
        history.upload("hired_employees", hires(1, 100), BAD_HIRES, **LATER)
    history.wait_until_built()
    return history


def test_rows_that_are_refused_are_counted_kept_and_told(
    history: History, server: Server
) -> None:
    told = server.get("/loads/3").json()
    assert (told["received"], told["loaded"], told["rejected"]) == (105, 100, 5)
    kept = server.get("/loads/3/rejects").json()["rejects"]
    assert [reject["code"] for reject in kept] == REASONS
    assert [reject["line"] for reject in kept] == [101, 102, 103, 104, 105]
    assert kept[1]["raw"] == "901,Eve,2021-13-05,1,1"
    history.assert_served()


def test_rejects_come_back_as_a_file_that_can_be_mended(
    history: History, server: Server
) -> None:
    file = server.get("/loads/3/rejects", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(file.content.decode())))
    assert [row["_line"] for row in rows] == ["101", "102", "103", "104", "105"]
    rows[1]["datetime"] = "2021-12-05"
    out = io.StringIO()
    csv.writer(out).writerows([list(rows[1]), list(rows[1].values())])
    good = (901, "Eve", "2021-12-05", 1, 1)
    answer = server.upload("hired_employees", out.getvalue().encode())
    told = history.noted(answer, "hired_employees", [good])
    assert (told["loaded"], told["build"]["status"]) == (1, "published")
    history.assert_served()


def test_a_batch_loads_its_good_rows_and_tells_the_others(history: History) -> None:
    bad = [{"id": 6, "departmnt": "Typo"}, [7], [None, "No number"], "no row"]
    told = history.batch("departments", [(6, "Département 6")], bad)
    assert (told["received"], told["loaded"], told["rejected"]) == (5, 1, 4)
    lines = [reject["line"] for reject in told["rejects"]]
    assert (lines, told["source"]) == ([2, 3, 4, 5], "batch")
    history.assert_served()


def test_the_same_file_again_is_the_load_that_it_is(history: History) -> None:
    told = history.upload("hired_employees", hires(1, 100), BAD_HIRES)
    assert (told["load_id"], told["already_loaded"]) == (3, True)
    history.assert_served()


def test_a_request_repeated_under_its_key_is_one_load(
    history: History, server: Server
) -> None:
    rows = hires(200, 3, 2022)
    key = {"Idempotency-Key": "the hires of 2022"}
    first = history.batch("hired_employees", rows, **key)
    body = {"table_name": "hired_employees", "data": rows}
    again = server.post("/insert_batch", json=body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first
    body["data"] = rows[:1]
    other = server.post("/insert_batch", json=body, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    history.assert_served()


def test_all_or_nothing_stores_nothing_when_a_row_is_bad(
    history: History, server: Server
) -> None:
    content = csv_of(hires(300, 2)) + b"x,Eve,2021-05-05,1,1\n"
    answer = server.upload("hired_employees", content, "handling=strict")
    assert (answer.status_code, answer.json()["code"]) == (422, "rows_rejected")
    assert [error["line"] for error in answer.json()["errors"]] == [3]
    history.assert_served()


def test_a_later_row_of_the_same_id_replaces_the_earlier_one(
    history: History, engine: Backend
) -> None:
    moved = [(n, "Ben", "2023-02-28T23:59:59.5-01:00", 5, 2) for n in range(50, 70)]
    with in_few_builds(engine, history.server):
        history.batch("departments", [(2, "Another name")], **LATER)
        history.upload("hired_employees", moved, **LATER)
    history.wait_until_built()
    history.assert_served()


def test_an_undo_brings_earlier_rows_back_and_an_undo_of_it_the_later(
    history: History,
) -> None:
    load_id = max(history.entries)
    undone = history.undo(load_id)
    assert (undone["mode"], undone["build"]["status"]) == ("undo", "published")
    history.assert_served()
    again = history.undo(load_id)
    assert (again["already_loaded"], again["load_id"]) == (True, undone["load_id"])
    redone = history.undo(undone["load_id"])
    assert (redone["mode"], redone["build"]["status"]) == ("redo", "published")
    history.assert_served()


def test_a_replacement_is_the_whole_table_until_it_is_undone(
    history: History, engine: Backend
) -> None:
    told = history.upload("hired_employees", hires(500, 40, 2022), mode="replace")
    assert told["mode"] == "replace"
    history.assert_served()
    with in_few_builds(engine, history.server):
        history.batch("hired_employees", hires(510, 3, 2024), **LATER)
        history.undo(told["load_id"], **LATER)
    history.wait_until_built()
    assert len(history.tables["hired_employees"]) > 100
    history.assert_served()


def test_a_backup_restores_the_table_and_the_restore_can_be_undone(
    history: History, server: Server
) -> None:
    before = history.tables["hired_employees"]
    content = server.get("/tables/hired_employees/backup").content
    saved: list[Any] = list(fastavro.reader(io.BytesIO(content)))
    assert sorted(row["id"] for row in saved) == sorted(before["id"])
    history.undo(3)
    history.assert_served()
    rows: list[Row] = list(before.itertuples(index=False, name=None))
    restored = history.restore("hired_employees", content, rows)
    assert (restored["mode"], restored["loaded"]) == ("replace", len(before))
    assert len(history.counting) < len(history.entries) - len(history.undone)
    history.assert_served()
    history.undo(restored["load_id"])
    history.assert_served()


def test_a_load_like_others_is_built_without_dbt(
    history: History, server: Server, engine: Backend
) -> None:
    if engine.name == "spark":
        pytest.skip("a build is no transaction there")
    assert server.log is not None
    before = server.log.read_text().count(WITHOUT_DBT)
    # What two builds of dbt have in common is known after them.
    for n in range(1, 6):
        history.batch("hired_employees", hires(5000 + 100 * n, 7 * n))
    assert server.log.read_text().count(WITHOUT_DBT) >= before + 3
    history.assert_served()
    asked = [f"/metrics/{name}?year=all" for name in METRICS]
    played = [server.get(path).content for path in asked]
    newest = server.get("/builds?limit=1").json()[0]["build_id"]
    assert server.dbt("build", "--full-refresh", *NO_UNIT_TESTS).returncode == 0
    wait_until(lambda: server.get("/builds").json()[0]["build_id"] > newest)
    assert [server.get(path).content for path in asked] == played


def test_whatever_comes_is_served_as_it_is_counted_anew(
    history: History, server: Server, engine: Backend
) -> None:
    """Loads of each table in any order, undone, brought back and replaced meanwhile.

    Each has a build of its own, but for engines that take long for one, of all rows
    whatever was built before: there some have one together.
    """
    assert server.log is not None
    before = server.log.read_text().count(WITHOUT_DBT)
    chance = random.Random(11)
    ours: list[int] = []
    together, headers = (6, LATER) if engine.rounds == 1 else (1, {})
    for first in range(0, 24, together):
        with in_few_builds(engine, server):
            for n in range(first, first + together):
                ours.append(load_anything(history, chance, ours, n, **headers))
        history.wait_until_built()
        history.assert_served()
    if engine.name != "spark":
        assert server.log.read_text().count(WITHOUT_DBT) > before + 5


def load_anything(
    history: History, chance: random.Random, ours: list[int], n: int, **headers: str
) -> int:
    kinds = ["hires", "names", "replace", "undo"]
    kind = chance.choices(kinds, [6, 3, 1, 2 if ours else 0])[0]
    rows = hires(7000 + chance.randrange(300), chance.randint(1, 90), 2020 + n % 4)
    if kind == "undo":
        told = history.undo(chance.choice(ours), **headers)
    elif kind == "names":
        table, ids = chance.choice([("departments", 5), ("jobs", 3)])
        named = [(chance.randint(1, ids), f"{table} {chance.randrange(9)}")]
        told = history.batch(table, named, **headers)
    else:
        mode = "replace" if kind == "replace" else "append"
        told = history.upload("hired_employees", rows, mode=mode, **headers)
    load_id: int = told["load_id"]
    return load_id


def test_tables_tell_what_counts(history: History, server: Server) -> None:
    for table in COLUMNS:
        counting = [n for n in history.counting if history.entries[n].table == table]
        rows = sum(len(history.entries[n].rows) for n in counting)
        told = server.get(f"/tables/{table}").json()
        assert (told["loads"], told["rows_loaded"]) == (len(counting), rows)


def test_hundreds_of_small_loads_are_built_like_one(history: History) -> None:
    """What an engine keeps of each load does not add up to a limit."""
    before = history.server.get("/builds?limit=1").json()[0]["build_id"]
    for number in range(2000, 2650):
        history.batch("hired_employees", hires(number, 1), **LATER)
    history.wait_until_built()
    history.assert_served()
    built = history.server.get("/builds?limit=1").json()[0]["build_id"] - before
    assert built < 325, f"{built} builds for 650 loads"
