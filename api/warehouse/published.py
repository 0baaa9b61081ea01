"""What HTTP serves: the published marts and the record of builds. Read only.

dbt writes this file, in one transaction per build; see dbt_project/macros/audit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.contract import Mart, read_marts
from api.errors import NotReady, UnknownBuild, UnknownMetric
from api.warehouse.database import Connection, Database, Row

POLL_SECONDS = 0.02

# From a mart, as it is published, to the value of each column that a request pins.
Choice = Callable[[Mart], Mapping[str, Any]]


@dataclass(frozen=True)
class Build:
    """One recorded build; times are UTC, `last_load_id` the newest load it covers."""

    build_id: int
    status: str
    started_at: str
    finished_at: str
    last_load_id: int
    last_request_id: int
    steps: list[Row]
    failures: list[Row]
    marts: dict[str, Mart]

    @property
    def published(self) -> bool:
        return self.status == "published"

    @property
    def is_sample(self) -> bool:
        """Whether the marts show the sample, for want of any load."""
        return self.last_load_id == 0


@dataclass(frozen=True)
class Answer:
    """Rows of one mart and the build that they come from."""

    build: Build
    mart: Mart
    rows: list[Row]


class Published:
    """The published database."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "published.db")
        self._served: Build | None = None

    def current(self) -> Build:
        """The build that is served; raises NotReady before the first."""
        with self._database.connection() as connection:
            return self._current(connection)

    def metric(self, endpoint: str, choose: Choice) -> Answer:
        """All rows of a metric where every column that `choose` returns has its value.

        `choose` sees the mart of the very build that is read, so contract, rows and
        build always belong together. Raises NotReady and UnknownMetric.
        """
        with self._database.reading() as connection:
            build = self._current(connection)
            mart = build.marts.get(endpoint)
            if mart is None:
                known = ", ".join(sorted(build.marts))
                raise UnknownMetric(f"There is no metric {endpoint!r}, only {known}.")
            pinned = choose(mart)
            rows = connection.rows(_select(mart, pinned), list(pinned.values()))
        return Answer(build, mart, rows)

    def builds(self, limit: int, before: int) -> list[Build]:
        """Builds older than `before`, newest first."""
        sql = "where build_id < ? order by build_id desc limit ?"
        return self._select(sql, [before, limit])

    def build(self, build_id: int) -> Build:
        """One build; raises UnknownBuild."""
        found = self._select("where build_id = ?", [build_id])
        if not found:
            raise UnknownBuild(f"There is no build {build_id}. GET /builds lists them.")
        return found[0]

    def build_of_load(self, load_id: int) -> Build | None:
        """The build that first published a load, else the last that failed to."""
        sql = (
            "where last_load_id >= ? order by status = 'published' desc,"
            " case status when 'published' then build_id else -build_id end limit 1"
        )
        return next(iter(self._select(sql, [load_id])), None)

    def wait_for_load(
        self, load_id: int, seconds: float, worth_waiting: Callable[[], bool]
    ) -> Build | None:
        """The first build, good or failed, that covers a load; None if none comes."""
        where = "where last_load_id >= ? order by build_id limit 1"
        return self._wait(where, [load_id], seconds, worth_waiting)

    def wait_for_request(
        self, request_id: int, seconds: float, worth_waiting: Callable[[], bool]
    ) -> Build | None:
        """The first build, good or failed, made since a build was asked for."""
        where = "where last_request_id >= ? order by build_id limit 1"
        return self._wait(where, [request_id], seconds, worth_waiting)

    def close(self) -> None:
        self._database.close()

    def _wait(
        self,
        where: str,
        values: Sequence[Any],
        seconds: float,
        worth_waiting: Callable[[], bool],
    ) -> Build | None:
        deadline = time.monotonic() + seconds
        while True:
            found = self._select(where, values)
            if found:
                return found[0]
            if time.monotonic() > deadline or not worth_waiting():
                return None
            time.sleep(POLL_SECONDS)

    def _current(self, connection: Connection) -> Build:
        sql = "select max(build_id) as n from builds where status = 'published'"
        newest = connection.rows(sql)[0]["n"] if _has_builds(connection) else None
        if newest is None:
            raise NotReady(
                "The first build has not been published yet. Try again in a few"
                " seconds; GET /builds tells whether one failed."
            )
        served = self._served
        if served is None or served.build_id != newest:
            found = connection.rows("select * from builds where build_id = ?", [newest])
            self._served = served = _build(found[0])
        return served

    def _select(self, where: str, values: Sequence[Any]) -> list[Build]:
        with self._database.connection() as connection:
            if not _has_builds(connection):
                return []
            sql = f"select * from builds {where}"
            return [_build(row) for row in connection.rows(sql, values)]


def _has_builds(connection: Connection) -> bool:
    """dbt makes the table when it first runs on a warehouse."""
    sql = "select count(*) as n from sqlite_master where name = 'builds'"
    return bool(connection.rows(sql)[0]["n"])


def _build(row: Row) -> Build:
    return Build(
        build_id=row["build_id"],
        status=row["status"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        last_load_id=row["last_load_id"],
        last_request_id=row["last_request_id"],
        steps=json.loads(row["steps"]),
        failures=json.loads(row["failures"]),
        marts=read_marts(json.loads(row["marts"])),
    )


def _select(mart: Mart, pinned: Mapping[str, Any]) -> str:
    """Names come from the contract, values are bound: nothing of a request is SQL."""
    columns = ", ".join(f'"{c}"' for c in mart.column_names if c not in pinned)
    where = " and ".join(f'"{column}" = ?' for column in pinned)
    terms = ((t.removeprefix("-"), t.startswith("-")) for t in mart.order_by)
    order = ", ".join(f'"{name}"{" desc" if down else ""}' for name, down in terms)
    return (
        f'select {columns} from "{mart.name}"'
        f"{f' where {where}' if where else ''}{f' order by {order}' if order else ''}"
    )
