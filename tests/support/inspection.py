"""What is published, seen from outside, beside what pandas says; and a warm dbt."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from api.config import CHECKOUT
from support import fork_server
from support.recompute import departments_and_the_mean, employees_per_department
from support.server import environment

Row = tuple[Any, ...]
Rows = list[list[Any]]

HEADERS = {
    "departments": ("id", "department"),
    "jobs": ("id", "job"),
    "hired_employees": ("id", "name", "datetime", "department_id", "job_id"),
}
# Each mart: what computes a year of it in pandas, and the order that it comes in.
MARTS = {
    "quarterly_hires": (employees_per_department, "year, department, job"),
    "departments_above_average": (
        departments_and_the_mean,
        "year, hired desc, department, id",
    ),
}
SELECT_MARTS = [
    f"select * from {mart} order by {order}" for mart, (_, order) in MARTS.items()
]
YEARS = range(2020, 2023)

# This process may hold the warehouse by ADBC, so sqlite3 looks at it from another one.
RUN_SQL = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
print(json.dumps([connection.execute(sql).fetchall() for sql in sys.argv[2:]]))
"""


def query(database: Path, *statements: str) -> list[Rows]:
    """Run the statements one after the other; the rows of each."""
    assert database.exists()
    done = subprocess.run(
        [sys.executable, "-c", RUN_SQL, str(database), *statements],
        check=True,
        capture_output=True,
        text=True,
    )
    answers: list[Rows] = json.loads(done.stdout)
    return answers


@dataclass(frozen=True)
class Published:
    """Every build's status, the last one's outcome, steps, failures, and the marts."""

    builds: list[str]
    outcome: str
    steps: list[dict[str, Any]]
    failures: dict[str, dict[str, Any]]
    marts: dict[str, Rows]


def published(warehouse: Path) -> Published:
    builds, *marts = query(
        warehouse / "published.db",
        "select status, outcome, steps, failures from builds order by build_id",
        *SELECT_MARTS,
    )
    _, outcome, steps, failures = builds[-1]
    return Published(
        builds=[status for status, *_ in builds],
        outcome=outcome,
        steps=json.loads(steps),
        failures={failure["name"]: failure for failure in json.loads(failures)},
        marts=dict(zip(MARTS, marts, strict=True)),
    )


def by_pandas(tables: dict[str, pd.DataFrame]) -> dict[str, Rows]:
    """Both marts, computed without SQL."""
    return {
        mart: [[year, *row.values()] for year in YEARS for row in compute(tables, year)]
        for mart, (compute, _) in MARTS.items()
    }


# What a builder does first when it starts.
JUDGE = """
from api.builder.judge import Judge
from api.config import Settings
from api.warehouse.engines import open_builder_store
from api.contract.files import Project
settings = Settings.from_env()
Judge(open_builder_store(settings), Project(settings.project_dir)).others()
"""


def judge(warehouse: Path, project: Path = CHECKOUT) -> None:
    """Judge what dbt has recorded, and publish it, as a builder would."""
    script = warehouse / "judge.py"
    script.write_text(JUDGE)
    done = fork_server.run([str(script)], CHECKOUT, environment(warehouse, project))
    assert done.returncode == 0, done.stderr


BUILD = "build --exclude-resource-type unit_test seed"
QUIETLY = "--quiet --log-level-file none --no-write-json"


def warm_dbt(
    warehouse: Path, command: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """dbt on the checkout's project, in a process forked when that had been parsed.

    Everything but reading the project's files is done: it takes a third of the time of
    `run_dbt`.
    """
    given = environment(warehouse) | variables
    return fork_server.run(["dbt", *command.split()], CHECKOUT, given)


def dbt_succeeds(warehouse: Path, command: str) -> None:
    """The same where nobody looks at what it tells: it tells of errors alone, and does
    not wait for what becomes of the run."""
    done = warm_dbt(warehouse, f"{command} {QUIETLY}")
    assert done.returncode == 0, done.stdout + done.stderr


def built(warehouse: Path) -> dict[str, Rows]:
    """The marts as they were built, published or not."""
    return dict(zip(MARTS, query(warehouse / "main.db", *SELECT_MARTS), strict=True))
