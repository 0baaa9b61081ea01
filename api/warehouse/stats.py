"""Statistics of a warehouse: what is in it, what waits to be built, what room is left.

Only numbers: nothing of what a row says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.warehouse.builds import NEWEST_PUBLISHED
from api.warehouse.engines import Row, ServerStore, Space

# With less than this a load of any size, or the next build, is likely to fail.
LEAST_FREE_BYTES = 64 << 20


@dataclass(frozen=True)
class LastBuild:
    """The build that ended last; part of the project, run in a terminal, is none."""

    build_id: int
    published: bool
    seconds: float


@dataclass(frozen=True)
class Building:
    """How far building has come; ages in seconds.

    `waiting` loads are in no published build yet.
    """

    waiting: int
    waiting_seconds: float
    builds: int = 0
    builds_by_status: dict[str, int] = field(default_factory=dict)
    last_build: LastBuild | None = None
    published_seconds: float | None = None


@dataclass(frozen=True)
class WarehouseStats:
    """Counts and sizes at one moment.

    `tables` has for each upload table how many loads, rows_loaded and rows_rejected the
    ledger counts, which takes a look at all of it.
    """

    space: Space
    tables: dict[str, Row]
    building: Building


class StatsReader:
    """Reads the statistics of a warehouse."""

    def __init__(self, engine: ServerStore) -> None:
        self._engine = engine
        self._raw = engine.raw
        self._published = engine.published

    def read(self) -> WarehouseStats:
        """The counts and sizes of this moment."""
        return WarehouseStats(
            space=self._engine.space(),
            tables=self._tables(),
            building=self.building(),
        )

    def building(self) -> Building:
        """How far building has come; cheap, whatever the length of the ledger."""
        builds = self._builds()
        last_load_id = builds.pop("last_load_id", 0)
        return Building(**self._waiting(last_load_id), **builds)

    def newest_load_id(self) -> int:
        """The newest entry of the ledger; 0 before the first."""
        (row,) = self._raw.rows("select coalesce(max(load_id), 0) as n from loads")
        return int(row["n"])

    def loads_in(self, last_load_id: int) -> int:
        """How many loads counted when the ledger had come as far as this entry."""
        sql = (
            "select count(*) as n from load_spans where from_id <= ?"
            " and (until_id is null or until_id > ?)"
        )
        (row,) = self._raw.rows(sql, [last_load_id, last_load_id])
        return int(row["n"])

    def _tables(self) -> dict[str, Row]:
        sql = (
            "select table_name, count(*) as loads,"
            " cast(sum(loaded) as bigint) as rows_loaded,"
            " cast(sum(rejected) as bigint) as rows_rejected"
            " from loads group by table_name"
        )
        return {row.pop("table_name"): row for row in self._raw.rows(sql)}

    def _waiting(self, published: int) -> dict[str, Any]:
        sql = (
            "select count(*) as n, min(loaded_at) as since from loads where load_id > ?"
        )
        (row,) = self._raw.rows(sql, [published])
        age = _age(row["since"]) if row["n"] else 0.0
        return {"waiting": row["n"], "waiting_seconds": age}

    def _builds(self) -> dict[str, Any]:
        with self._published.connection() as connection:
            if not connection.has_table("builds"):
                return {}
            counts = connection.rows(
                "select status, count(*) as n from builds group by status"
            )
            times = "build_id, status, started_at, finished_at, last_load_id"
            newest = f"select {times} from builds"
            # One of an earlier version has neither such a status nor such a column.
            partly = any(row["status"] == "not_published" for row in counts)
            settled = "where settles = 1" if partly else ""
            last = connection.rows(f"{newest} {settled} order by build_id desc limit 1")
            served = connection.rows(f"{newest} {NEWEST_PUBLISHED}")
        found: dict[str, Any] = {
            "builds_by_status": {row["status"]: row["n"] for row in counts}
        }
        for row in last:
            good = row["status"] == "published"
            took = _moment(row["finished_at"]) - _moment(row["started_at"])
            found["builds"] = row["build_id"]
            found["last_build"] = LastBuild(row["build_id"], good, took.total_seconds())
        for row in served:
            found["published_seconds"] = _age(row["finished_at"])
            found["last_load_id"] = row["last_load_id"]
        return found


def _age(moment: str) -> float:
    """Seconds since then; none when the clock was set back meanwhile."""
    return max(0.0, (datetime.now(UTC) - _moment(moment)).total_seconds())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
