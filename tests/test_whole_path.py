"""The whole path on the real server: files in by HTTP, audited numbers out.

One server for all, each test with the tables that it puts in place of what there was.
What has to hold on every engine is in `engines`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support import recompute
from support.server import Server

FIELDS = {
    "departments": ["id", "department"],
    "jobs": ["id", "job"],
    "hired_employees": ["id", "name", "datetime", "department_id", "job_id"],
}
METRICS = {
    "employees_per_department": recompute.employees_per_department,
    "departments_above_average": recompute.departments_above_average,
}


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("whole") / "warehouse"
    server = Server(Path(shutil.copytree(sample_warehouse, folder))).start()
    yield server
    server.stop()


def history(seed: int, hires: int = 1999, incomplete: int = 70) -> dict[str, list[Any]]:
    """Rows of the three tables, some hires each lacking one field."""
    rng = random.Random(seed)
    rows = [
        [
            str(number),
            f'Employee "{number}", of many'
            if number % 50 == 0
            else f"Employee {number}",
            f"{rng.choice([2020, 2021, 2021, 2022])}-{rng.randint(1, 12):02d}-"
            f"{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00Z",
            str(rng.randint(1, 12)),
            str(rng.randint(1, 183)),
        ]
        for number in range(1, hires + 1)
    ]
    for place in rng.sample(range(hires), incomplete):
        rows[place][rng.randrange(1, 5)] = ""
    return {
        "departments": [[str(n), f"Department {n}"] for n in range(1, 13)],
        "jobs": [[str(n), f"Job {n}"] for n in range(1, 184)],
        "hired_employees": rows,
    }


def crlf(rows: list[list[str]]) -> bytes:
    """A headerless CSV file with CRLF line ends."""
    frame = pd.DataFrame(rows)
    return frame.to_csv(header=False, index=False, lineterminator="\r\n").encode()


def complete(tables: dict[str, list[Any]]) -> dict[str, pd.DataFrame]:
    """What ought to be counted: the rows that lack nothing."""
    frames = {}
    for name, rows in tables.items():
        frame = pd.DataFrame([row for row in rows if all(row)], columns=FIELDS[name])
        ids = [column for column in frame if column == "id" or column.endswith("_id")]
        frames[name] = frame.astype(dict.fromkeys(ids, int))
    return frames


def assert_equals_pandas(server: Server, tables: dict[str, pd.DataFrame]) -> None:
    for year in (2020, 2021, 2022):
        for metric, recomputed in METRICS.items():
            assert server.rows(metric, year=year) == recomputed(tables, year)


def replace(server: Server, table: str, content: bytes) -> None:
    """Put a file in the place of a table, without waiting for its build."""
    answer = server.post(
        "/upload_csv",
        files={"csv_file": (f"{table}.csv", content)},
        data={"table_name": table, "mode": "replace"},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202, answer.text


def test_headerless_files_with_incomplete_rows(server: Server) -> None:
    tables = history(seed=1)
    departments = server.upload("departments", crlf(tables["departments"]))
    assert departments.status_code == 201, departments.text
    # The sample vanished with the very first load.
    assert server.rows("employees_per_department") == []
    server.upload("jobs", crlf(tables["jobs"]), "respond-async")
    hires = server.upload("hired_employees", crlf(tables["hired_employees"])).json()
    assert (hires["received"], hires["loaded"], hires["rejected"]) == (1999, 1929, 70)
    assert hires["build"]["status"] == "published"

    rejects = server.get(hires["rejects_url"]).json()["rejects"]
    incomplete = [
        (line, FIELDS["hired_employees"][row.index("")])
        for line, row in enumerate(tables["hired_employees"], start=1)
        if "" in row
    ]
    assert [(r["line"], r["column"]) for r in rejects] == incomplete
    assert_equals_pandas(server, complete(tables))

    # The same file, and the same rows in another order, change no number.
    again = server.upload("hired_employees", crlf(tables["hired_employees"]))
    assert again.status_code == 200 and again.json()["load_id"] == hires["load_id"]
    shuffled = list(tables["hired_employees"])
    random.Random(2).shuffle(shuffled)
    other = server.upload("hired_employees", crlf(shuffled)).json()
    assert other["loaded"] == 1929 and not other["already_loaded"]
    assert_equals_pandas(server, complete(tables))


def test_a_batch_is_in_the_metric_when_the_call_returns(server: Server) -> None:
    replace(server, "departments", b"1,Sales\n2,Legal\n")
    replace(server, "jobs", b"1,Clerk\n")
    # None of the year that is asked for.
    replace(server, "hired_employees", b"5000,Ann,2020-01-01,1,1\n")
    one = server.batch("hired_employees", [[1, "Ann", "2021-12-31T23:59:59Z", 1, 1]])
    assert one.status_code == 201
    assert server.rows("departments_above_average") == [
        {"id": 1, "department": "Sales", "hired": 1}
    ]
    thousand = [[n, "Ann", "2021-05-01", 2, 1] for n in range(2, 1002)]
    assert server.batch("hired_employees", thousand).json()["loaded"] == 1000
    expected = [
        {"department": "Legal", "job": "Clerk", "Q1": 0, "Q2": 1000, "Q3": 0, "Q4": 0},
        {"department": "Sales", "job": "Clerk", "Q1": 0, "Q2": 0, "Q3": 0, "Q4": 1},
    ]
    assert server.rows("employees_per_department") == expected

    # An offset moves a hire across the year; a correction replaces, it never doubles.
    late = [1, "Ann", "2021-12-31T23:30:00-01:00", 1, 1]
    build = server.batch("hired_employees", [late]).json()["build"]
    assert build["status"] == "published"
    assert server.rows("departments_above_average", year=2022)[0]["hired"] == 1
    assert server.rows("employees_per_department") == expected[:1]


def test_a_request_to_build_answers_with_the_build(server: Server) -> None:
    before = server.get("/builds").json()[0]["build_id"]
    answer = server.post("/builds")
    assert answer.status_code == 201
    assert answer.json()["build_id"] > before
    assert {step["kind"] for step in answer.json()["steps"]} >= {"model", "test"}
    assert all(step["seconds"] >= 0 for step in answer.json()["steps"])


def test_hires_of_an_unknown_department_are_told_and_hold_up_nobody(
    server: Server,
) -> None:
    replace(server, "departments", b"1,Sales\n2,Legal\n")
    replace(server, "jobs", b"1,Clerk\n")
    replace(server, "hired_employees", b"1,Ann,2021-01-01,1,1\n")
    rows = [[2, "Ben", "2021-01-01", 99, 1]]
    build = server.batch("hired_employees", rows).json()["build"]
    assert build["status"] == "published"
    (warning,) = build["failures"]
    assert (warning["status"], warning["rows"]) == ("warn", 1)
    assert "department_id" in warning["name"]
    assert warning["sample"]
    assert [row["department"] for row in server.rows("employees_per_department")] == [
        "Sales"
    ]


def test_twenty_clients_at_once_are_all_counted_in_few_builds(server: Server) -> None:
    replace(server, "departments", b"1,Sales\n2,Legal\n")
    replace(server, "jobs", b"1,Clerk\n")
    replace(server, "hired_employees", b"1,Ann,2020-01-01,1,1\n")
    builds = server.get("/builds").json()[0]["build_id"]

    def post(client: int) -> list[int]:
        first = 1000 * client + 1000
        rows = [[first + n, "Ann", "2021-07-01", 1, 1] for n in range(50)]
        return [
            server.batch("hired_employees", [row]).status_code for row in rows[:2]
        ] + [server.batch("hired_employees", rows[2:]).status_code]

    with ThreadPoolExecutor(20) as pool:
        statuses = [status for found in pool.map(post, range(20)) for status in found]
    assert statuses == [201] * 60
    assert server.rows("departments_above_average")[0]["hired"] == 1000
    built = server.get("/builds").json()[0]["build_id"] - builds
    assert built <= 20, f"{built} builds for 60 loads"
