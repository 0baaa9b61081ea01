"""The builder's own look at the warehouse, through `sqlite3` like dbt beside it.

Reads how far the ledger has come; records builds that dbt could not record itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Template

from api import raw_schema
from api.builder.dbt import LEASE_OWNER, Outcome
from api.contract import Table
from api.utc import utc_text

# As many loads or failures are told of in one line of the log.
TOLD = 100
BUILDS_TABLE = Path("dbt_project/macros/audit/builds_table.sql")


@dataclass(frozen=True)
class Position:
    """How far the ledger has come: the newest load and the newest request to build."""

    load_id: int = 0
    request_id: int = 0


class Ledger:
    """The ledger of the warehouse in `folder`, as the builder sees it."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._folder = folder
        self._builds_table = Template(
            (project / BUILDS_TABLE).read_text(encoding="utf-8")
        )
        self._raw: sqlite3.Connection | None = None
        self._main: sqlite3.Connection | None = None

    def position(self) -> Position:
        """The newest numbers, zeros before the API has ever run here."""
        if self._raw is None and not (self._folder / "raw.db").exists():
            return Position()
        if self._raw is None:
            self._raw = sqlite3.connect(self._folder / "raw.db", isolation_level=None)
        sql = (
            "select (select coalesce(max(load_id), 0) from loads),"
            " (select coalesce(max(request_id), 0) from build_requests)"
        )
        try:
            return Position(*self._raw.execute(sql).fetchone())
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return Position()
            raise

    def prepare(self, tables: Sequence[Table]) -> None:
        """Bring the upload tables to the contract that is about to be built.

        The API does so too: whichever comes first. Raises ContractError, see
        `raw_schema`.
        """
        path = self._folder / "raw.db"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as raw:
            raw.execute("pragma journal_mode = wal")
            run = partial(_rows, raw)
            if raw_schema.is_current(run, tables):
                return
            raw.execute("begin immediate")
            try:
                raw_schema.apply(run, tables)
                raw.execute("commit")
            except BaseException:
                raw.execute("rollback")
                raise

    def stay_connected(self) -> None:
        """Keep main.db open from now on: whoever closes it last moves all of its WAL.

        dbt opens and closes it for every model.
        """
        if self._main is None and (self._folder / "main.db").exists():
            path = self._folder / "main.db"
            self._main = sqlite3.connect(path, isolation_level=None)
            self._main.execute("select count(*) from sqlite_master").fetchall()

    def clear_own_lease(self) -> None:
        """Take back the lease of a builder that died: the only one now is us."""
        if not (self._folder / "main.db").exists():
            return
        with closing(sqlite3.connect(self._folder / "main.db", timeout=30)) as main:
            # Look before writing: another run may be at work, and its lock is not ours.
            sql = "select 1 from sqlite_master where name = 'dbt_lease'"
            if not main.execute(sql).fetchone():
                return
            ours = "from dbt_lease where owner = ?"
            if main.execute(f"select 1 {ours}", [LEASE_OWNER]).fetchone():
                main.execute(f"delete {ours}", [LEASE_OWNER])
                main.commit()

    def was_recorded(self, outcome: Outcome) -> bool:
        """Whether dbt itself recorded this invocation."""
        with self._published() as connection:
            sql = "select 1 from published.builds where invocation_id = ?"
            return (
                connection.execute(sql, [outcome.invocation_id]).fetchone() is not None
            )

    def record_failure(
        self, outcome: Outcome, position: Position, started_at: datetime, kind: str
    ) -> None:
        """Record a build that dbt could not: the project does not parse, say."""
        failure: dict[str, Any] = {
            "name": kind,
            "kind": kind,
            "file": None,
            "status": "error",
            "rows": None,
            "message": outcome.message,
            "sample": [],
        }
        values = [
            outcome.invocation_id,
            "failed",
            utc_text(started_at),
            utc_text(),
            position.load_id,
            position.request_id,
            "[]",
            json.dumps([failure]),
            "[]",
        ]
        with self._published() as connection:
            connection.execute(
                "insert into published.builds (invocation_id, status, started_at,"
                " finished_at, last_load_id, last_request_id, steps, failures, marts)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def facts_of(self, outcome: Outcome) -> dict[str, Any]:
        """What a log may tell of a recorded build: its number, its loads, its failures.

        Not what failures say, which may hold rows.
        """
        sql = (
            "select build_id, last_load_id, failures, coalesce(("
            "select max(last_load_id) from published.builds as earlier where"
            " earlier.status = 'published' and earlier.build_id < builds.build_id"
            "), 0) as before from published.builds where invocation_id = ?"
        )
        with self._published() as connection:
            found = _rows(connection, sql, [outcome.invocation_id])
        for row in found:
            failed = [f["name"] for f in json.loads(row["failures"])]
            loads = self._loads(row.pop("before"), row["last_load_id"])
            return {**row, "failures": failed[:TOLD], **loads}
        return {}

    def _loads(self, after: int, upto: int) -> dict[str, list[Any]]:
        """Loads, the newest first, and the requests that brought them."""
        if self._raw is None:
            return {"loads": [], "requests": []}
        known = _rows(self._raw, "pragma table_info(loads)", ())
        has_request = any(column["name"] == "request_id" for column in known)
        request = "request_id" if has_request else "null as request_id"
        sql = (
            f"select load_id, {request} from loads"
            " where load_id > ? and load_id <= ? order by load_id desc limit ?"
        )
        found = _rows(self._raw, sql, [after, upto, TOLD])
        requests = [row["request_id"] for row in found if row["request_id"]]
        return {"loads": [row["load_id"] for row in found], "requests": requests}

    def _published(self) -> closing[sqlite3.Connection]:
        connection = sqlite3.connect(":memory:", isolation_level=None, timeout=30)
        path = str(self._folder / "published.db")
        connection.execute("attach ? as published", [path])
        connection.execute("pragma published.journal_mode = wal")
        module: Any = self._builds_table.module
        connection.execute(module.builds_table())
        return closing(connection)


def _rows(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
