"""The record of builds, as far as it is not dbt's own to write: builds that dbt could
not record itself, and what a log may tell of any."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from api.engines.model import FailedBuild
from api.engines.sqlite.building.mending import LOCK_SECONDS
from api.plain_macros import plain_macros
from api.utc import utc_text

# As many loads or failures are told of in one line of the log.
TOLD = 100


class Record:
    """The record of builds of the warehouse in `folder`."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._folder = folder
        self._macros = plain_macros(project, "sqlite/builds_table")

    def was_recorded(self, invocation_id: str) -> bool:
        """Whether dbt itself recorded this invocation."""
        with self._published() as connection:
            sql = "select 1 from published.builds where invocation_id = ?"
            return connection.execute(sql, [invocation_id]).fetchone() is not None

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
        with self._published() as connection:
            connection.execute(
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
            "), 0) from published.builds where invocation_id = ?"
        )
        with self._published() as connection:
            found = connection.execute(sql, [invocation_id]).fetchone()
        if found is None:
            return {}
        build_id, last_load_id, failures, before = found
        failed = [failure["name"] for failure in json.loads(failures)]
        return {
            "build_id": build_id,
            "last_load_id": last_load_id,
            "failures": failed[:TOLD],
            **self._loads(before, last_load_id),
        }

    def _loads(self, after: int, upto: int) -> dict[str, list[Any]]:
        """Loads, the newest first, and the requests that brought them."""
        if upto <= after:
            return {"loads": [], "requests": []}
        sql = (
            "select load_id, request_id from loads"
            " where load_id > ? and load_id <= ? order by load_id desc limit ?"
        )
        path = self._folder / "raw.db"
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as raw:
            found = raw.execute(sql, [after, upto, TOLD]).fetchall()
        return {
            "loads": [load_id for load_id, _ in found],
            "requests": [request_id for _, request_id in found if request_id],
        }

    def _published(self) -> closing[sqlite3.Connection]:
        connection = sqlite3.connect(
            ":memory:", isolation_level=None, timeout=LOCK_SECONDS
        )
        path = str(self._folder / "published.db")
        connection.execute("attach ? as published", [path])
        connection.execute("pragma published.journal_mode = wal")
        connection.execute(self._macros.sqlite__builds_table())
        return closing(connection)
