"""The record of builds beside the published marts, and waiting for one. Read only.

The builder writes it, see `api.builder.judge`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from api.errors import NotBuilt, NotReady, StorageFull, UnknownBuild
from api.warehouse.engines import LEASE_OWNER, Connection, Database, Row

FAULT_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 0.25
NEWEST_PUBLISHED = "where status = 'published' order by build_id desc limit 1"

log = logging.getLogger("warehouse")


@dataclass(frozen=True)
class Build:
    """One recorded run of dbt, and the endpoints that it published.

    `outcome` says in one sentence what became of it, `owner` who ran dbt. Times are
    UTC, `last_load_id` is the newest load that it covers. It `settles` what waits for a
    build, unless another comes by itself: of part of the project, or overtaken. `rows`
    are how many each endpoint has, None where an earlier version did not count them,
    `project` is the version that was built, as far as it is known.
    """

    build_id: int
    invocation_id: str
    owner: str
    status: Literal["published", "not_published", "failed"]
    outcome: str
    settles: bool
    started_at: str
    finished_at: str
    last_load_id: int
    last_request_id: int
    steps: list[Row]
    failures: list[Row]
    rows: dict[str, int | None]
    project: Row | None

    @property
    def published(self) -> bool:
        return self.status == "published"

    @property
    def is_sample(self) -> bool:
        """Whether the marts show the sample, for want of any load."""
        return self.last_load_id == 0


class Builds:
    """The builds that the published database records."""

    def __init__(self, published: Database) -> None:
        self._database = published

    def latest(self, limit: int, before: int) -> list[Build]:
        """Builds older than `before`, newest first."""
        sql = "where build_id < ? order by build_id desc limit ?"
        return self._select(sql, [before, limit])

    def one(self, build_id: int) -> Build:
        """One build; raises UnknownBuild."""
        found = self._select("where build_id = ?", [build_id])
        if not found:
            raise UnknownBuild(f"There is no build {build_id}. GET /builds lists them.")
        return found[0]

    def build_of_load(self, load_id: int) -> Build | None:
        """The build that first published a load, else the last that did not."""
        sql = (
            "where last_load_id >= ? order by status = 'published' desc,"
            " case status when 'published' then build_id else -build_id end limit 20"
        )
        found = self._select(sql, [load_id])
        return next((build for build in found if build.settles), None)

    def wait_for_load(
        self, load_id: int, seconds: float, worth_waiting: Callable[[], bool]
    ) -> Build | None:
        """The first build, good or not, that covers a load; None if none comes."""
        where = "where last_load_id >= ? order by build_id"
        return self._wait(where, [load_id], seconds, worth_waiting)

    def wait_for_request(
        self, request_id: int, seconds: float, worth_waiting: Callable[[], bool]
    ) -> Build | None:
        """The first build, good or not, made since a build was asked for."""
        where = "where last_request_id >= ? order by build_id"
        return self._wait(where, [request_id], seconds, worth_waiting)

    def _wait(
        self,
        where: str,
        values: Sequence[Any],
        seconds: float,
        worth_waiting: Callable[[], bool],
    ) -> Build | None:
        """A build that settles nothing counts only where no other will follow."""
        began = time.monotonic()
        while True:
            is_worth_it = worth_waiting()
            found = self._looked_for(where, values)
            if build := next((b for b in found if b.settles or not is_worth_it), None):
                return build
            waited = time.monotonic() - began
            if waited > seconds or not is_worth_it:
                return None
            # After a long wait, a twentieth more makes no difference.
            pause = min(waited / 20, LONGEST_PAUSE_SECONDS)
            time.sleep(max(pause, self._database.poll_seconds))

    def _looked_for(self, where: str, values: Sequence[Any]) -> list[Build]:
        """The build or None: a load is stored, even where this file cannot be read."""
        try:
            return self._select(where, values)
        except (NotReady, StorageFull) as problem:
            log.warning("no look at the builds: %s", problem.detail)
            time.sleep(FAULT_SECONDS)
            return []

    def _select(self, where: str, values: Sequence[Any]) -> list[Build]:
        try:
            with self._database.connection() as connection:
                if not connection.has_table("builds"):
                    return []
                sql = f"select * from builds {where}"
                return [_build(row) for row in connection.rows(sql, values)]
        except NotBuilt:
            return []


def newest_published_run(database: Database) -> str | None:
    """dbt's name for the build whose marts are published, in a database of builds.

    Its number would not do: a database that is created again counts from one.
    """
    found = database.rows(f"select invocation_id from builds {NEWEST_PUBLISHED}")
    return found[0]["invocation_id"] if found else None


def newest_published(connection: Connection) -> Build:
    """The build whose marts are published; raises NotReady before the first."""
    found = []
    if connection.has_table("builds"):
        found = connection.rows(f"select * from builds {NEWEST_PUBLISHED}")
    if not found:
        raise NotReady(
            "The first build has not been published yet. Try again in a few"
            " seconds; GET /builds tells whether one failed."
        )
    return _build(found[0])


def _build(row: Row) -> Build:
    return Build(
        build_id=row["build_id"],
        invocation_id=row["invocation_id"],
        # An earlier version recorded nothing of it.
        owner=row.get("owner", LEASE_OWNER),
        status=row["status"],
        outcome=row.get("outcome", ""),
        settles=bool(row.get("settles", True)),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        last_load_id=row["last_load_id"],
        last_request_id=row["last_request_id"],
        steps=json.loads(row["steps"]),
        failures=[_failure(failure) for failure in json.loads(row["failures"])],
        rows=_rows(json.loads(row["marts"])),
        project=json.loads(row.get("project") or "null"),
    )


def _rows(marts: dict[str, int | None] | list[str]) -> dict[str, int | None]:
    """Earlier versions recorded only the names."""
    return marts if isinstance(marts, dict) else dict.fromkeys(marts)


def _failure(recorded: Row) -> Row:
    """As recorded; earlier versions stored no explanation and no line."""
    return {"words": recorded["message"] or "", "line": None, **recorded}
