"""The record of builds, as far as it is not dbt's own to write: builds that dbt could
not record itself, and what a log may tell of any."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from api.engines.model import FailedBuild
from api.raw_schema import Run
from api.utc import utc_text

# As many loads or failures are told of in one line of the log.
TOLD = 100

NEWEST_BUILD = "select * from published.builds {} order by build_id desc limit 1"
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


class Record:
    """The record of builds of a warehouse.

    `published` opens what has the table published.builds, made where it was missing;
    `ledger` what has the loads.
    """

    def __init__(self, published: Opened, ledger: Opened) -> None:
        self._published = published
        self._ledger = ledger

    def was_recorded(self, invocation_id: str) -> bool:
        """Whether dbt itself recorded this invocation."""
        with self._published() as run:
            sql = "select 1 as found from published.builds where invocation_id = ?"
            return bool(run(sql, [invocation_id]))

    def newest_build(self, published: bool = False) -> dict[str, Any]:
        """The record of the last build, of any or of those published; else empty."""
        where = "where status = 'published'" if published else ""
        with self._published() as run:
            found = run(NEWEST_BUILD.format(where), ())
        return found[0] if found else {}

    def record_failure(self, build: FailedBuild) -> None:
        """Record a build that dbt could not: the project does not parse, say."""
        values = [
            build.invocation_id,
            "failed",
            utc_text(build.started_at),
            utc_text(),
            build.position.load_id,
            build.position.request_id,
            "[]",
            json.dumps(build.failures),
            "[]",
        ]
        with self._published() as run:
            run(
                "insert into published.builds (invocation_id, status, started_at,"
                " finished_at, last_load_id, last_request_id, steps, failures, marts)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def facts_of(self, invocation_id: str) -> dict[str, Any]:
        """What a log may tell of a recorded build: its number, its loads, its failures.

        Not what failures say, which may hold rows.
        """
        sql = (
            "select build_id, last_load_id, failures, coalesce(("
            "select max(last_load_id) from published.builds as earlier where"
            " earlier.status = 'published' and earlier.build_id < builds.build_id"
            "), 0) as before from published.builds where invocation_id = ?"
        )
        with self._published() as run:
            found = run(sql, [invocation_id])
        if not found:
            return {}
        (build,) = found
        failed = [failure["name"] for failure in json.loads(build["failures"])]
        return {
            "build_id": build["build_id"],
            "last_load_id": build["last_load_id"],
            "failures": failed[:TOLD],
            **self._loads(build["before"], build["last_load_id"]),
        }

    def _loads(self, after: int, upto: int) -> dict[str, list[Any]]:
        """Loads, the newest first, and the requests that brought them."""
        if upto <= after:
            return {"loads": [], "requests": []}
        sql = (
            "select load_id, request_id from loads"
            " where load_id > ? and load_id <= ? order by load_id desc limit ?"
        )
        with self._ledger() as run:
            found = run(sql, [after, upto, TOLD])
        return {
            "loads": [row["load_id"] for row in found],
            "requests": [row["request_id"] for row in found if row["request_id"]],
        }
