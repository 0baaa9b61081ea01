"""The record of builds, and the runs of dbt that wait to be judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from api.warehouse.engines.server_store import Row
from api.warehouse.schema import Run

# How many loads or failures one line of the log names.
MOST_LOGGED = 100
BUILDS_KEPT = 2_000

NEWEST_BUILD = "select * from published.builds {} order by build_id desc limit 1"
# The runs that ended after the newest recorded one; without one, the newest.
WAITING_RUNS = """
select * from main.dbt_runs as run
where
    finished_at is not null
    and number > coalesce(
        (
            select max(number)
            from main.dbt_runs
            inner join published.builds using (invocation_id)
        ),
        (select max(number) - 1 from main.dbt_runs where finished_at is not null)
    )
order by number
"""
RESULTS = "select * from main.dbt_results where invocation_id = ?"
# Whether a run was the last to begin on the models, and built one, from this ledger.
AS_LEFT_BY = """
select 1 as found
from main.dbt_runs as run
inner join main.dbt_model_states as model on model.invocation_id = run.invocation_id
where
    run.invocation_id = ?
    and run.number = (select max(number) from main.dbt_runs)
    and model.ledger = coalesce(
        (select loaded_at from raw.loads where load_id = run.last_load_id), ''
    )
limit 1
"""

Opened = Callable[[], AbstractContextManager[Run]]


def record_build(run: Run, build: Mapping[str, Any]) -> None:
    """Record a build, in a transaction or without; the last 2,000 are kept."""
    columns, marks = ", ".join(build), ", ".join("?" * len(build))
    values = [
        json.dumps(value) if isinstance(value, (list, dict)) else value
        for value in build.values()
    ]
    run(f"insert into published.builds ({columns}) values ({marks})", values)
    newest = "(select max(build_id) from published.builds)"
    run(f"delete from published.builds where build_id <= {newest} - {BUILDS_KEPT}", ())


class Record:
    """The record of builds of a warehouse.

    `warehouse` opens the schemas main and published, `ledger` the loads; `has_runs` is
    a select that returns a row if dbt has ever recorded a run.
    """

    def __init__(self, warehouse: Opened, ledger: Opened, has_runs: str) -> None:
        self._warehouse = warehouse
        self._ledger = ledger
        self._has_runs = has_runs

    def waiting_runs(self) -> list[Row]:
        """The runs of dbt that have ended and are not judged yet, oldest first."""
        with self._warehouse() as run:
            return run(WAITING_RUNS, ()) if run(self._has_runs, ()) else []

    def results_of(self, invocation_id: str) -> list[Row]:
        """The results of a run's nodes."""
        with self._warehouse() as run:
            return run(RESULTS, [invocation_id])

    def run_of(self, invocation_id: str) -> Row | None:
        """A run as dbt recorded it, while dbt keeps it."""
        sql = "select * from main.dbt_runs where invocation_id = ?"
        with self._warehouse() as run:
            found = run(sql, [invocation_id]) if run(self._has_runs, ()) else []
        return found[0] if found else None

    def note_digest(self, invocation_id: str, digest: str) -> None:
        """Store the digest of the project that a run built."""
        sql = "update published.builds set project_digest = ? where invocation_id = ?"
        with self._warehouse() as run:
            run(sql, [digest, invocation_id])

    def newest_build(self, published: bool = False) -> Row:
        """The record of the last build, or of the last published one; empty without."""
        where = "where status = 'published'" if published else ""
        with self._warehouse() as run:
            found = run(NEWEST_BUILD.format(where), ())
        return found[0] if found else {}

    def add(self, build: Mapping[str, Any]) -> None:
        """Record a build that publishes nothing."""
        with self._warehouse() as run:
            record_build(run, build)

    def facts_of(self, invocation_id: str) -> Row:
        """What a log may say of a recorded build: its number, its loads, its failures.

        Without the text of failures, which may hold rows.
        """
        sql = (
            "select build_id, last_load_id, failures, coalesce(("
            "select max(last_load_id) from published.builds as earlier where"
            " earlier.status = 'published' and earlier.build_id < builds.build_id"
            "), 0) as before from published.builds where invocation_id = ?"
        )
        with self._warehouse() as run:
            found = run(sql, [invocation_id])
        if not found:
            return {}
        (build,) = found
        failed = [failure["name"] for failure in json.loads(build["failures"])]
        return {
            "build_id": build["build_id"],
            "last_load_id": build["last_load_id"],
            "failures": failed[:MOST_LOGGED],
            **self._loads(build["before"], build["last_load_id"]),
        }

    def _loads(self, after: int, upto: int) -> dict[str, list[Any]]:
        """Loads, newest first, and the requests that made them."""
        if upto <= after:
            return {"loads": [], "requests": []}
        sql = (
            "select load_id, request_id from loads"
            " where load_id > ? and load_id <= ? order by load_id desc limit ?"
        )
        with self._ledger() as run:
            found = run(sql, [after, upto, MOST_LOGGED])
        return {
            "loads": [row["load_id"] for row in found],
            "requests": [row["request_id"] for row in found if row["request_id"]],
        }
