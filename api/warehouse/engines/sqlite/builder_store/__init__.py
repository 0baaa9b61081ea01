"""SQLite for the builder: through `sqlite3`, like dbt in the same process.

`ledger` reads the ledger and prepares it, `recovery` sets damaged files aside, `record`
keeps the record of builds, `publishing` fills published.db.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from api.contract import Table
from api.errors import WarehouseDamaged
from api.warehouse.engines.at_work import WorkInFolder
from api.warehouse.engines.builder_store import Position, Recovery
from api.warehouse.engines.record import AS_LEFT_BY
from api.warehouse.engines.server_store import Row
from api.warehouse.engines.sqlite.builder_lock import only_builder
from api.warehouse.engines.sqlite.builder_store.database import opened
from api.warehouse.engines.sqlite.builder_store.ledger import Ledger
from api.warehouse.engines.sqlite.builder_store.publishing import (
    SqlitePublishing,
    drop_gone,
    publishing,
)
from api.warehouse.engines.sqlite.builder_store.record import record_of
from api.warehouse.engines.sqlite.builder_store.recovery import SIGNS
from api.warehouse.engines.sqlite.commits import CommitListener
from api.warehouse.engines.sqlite.folder_lock import shared_lock

# dbt may have added other punctuation, around the SQL or for a `ref`.
NAMED_IN_ERRORS = re.compile(
    r'near "(.+?)": syntax error|no such (?:column|table|function): "?([^ "]+)'
    r"|ambiguous column name: ([^ ]+)"
    r"|misuse of (?:aggregate|window)(?: function)?:? (\w+)\(\)"
    r"|wrong number of arguments to function (\w+)\(\)"
    r"|(unrecognized token: )|(incomplete input)"
)
# How often to look for a run of dbt in a terminal.
MAIN_POLL_SECONDS = 0.25


class SqliteBuilderStore:
    """The warehouse in a folder, for its builder."""

    transient: Sequence[str] = (
        "database is locked",
        *SIGNS,
        "database or disk is full",
        "readonly database",
        "unable to open database file",
    )
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError, WarehouseDamaged)

    named_in_errors = NAMED_IN_ERRORS
    dialect = "sqlite"
    can_play = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.at_work = WorkInFolder(folder / "builder")
        self._ledger = Ledger(folder)
        self._commits = CommitListener(folder)
        self.record = record_of(folder)

    @contextmanager
    def only_builder(self) -> Iterator[None]:
        with shared_lock(self._folder), only_builder(self._folder):
            yield

    def begin_build(self, connection: sqlite3.Connection) -> None:
        """A plain `begin`: raw.db is only read, and uploads are not locked out."""
        connection.isolation_level = None
        connection.execute("begin")

    def publishing(
        self, invocation_id: str
    ) -> AbstractContextManager[SqlitePublishing]:
        return publishing(self._folder)

    def drop_models(self, gone: Mapping[str, str]) -> None:
        drop_gone(self._folder, gone)

    def operations_after(
        self, documents: Mapping[str, Row]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return ()

    def position(self) -> Position:
        return self._ledger.position()

    def wait(self, seconds: float) -> bool:
        """Writers of raw.db notify; dbt, which writes main.db, cannot."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            woken = self._commits.wait(min(left, MAIN_POLL_SECONDS))
            if woken or self._ledger.main_has_changed():
                return True
        return False

    def prepare(self, tables: Sequence[Table]) -> None:
        self._ledger.prepare(tables)

    def before_build(self) -> None:
        self._ledger.clear_leftovers()
        self._ledger.clear_own_lease()

    def after_build(self) -> None:
        self._ledger.stay_connected()

    def recover(self, error: str = "") -> Recovery:
        return self._ledger.recover(error)

    def is_as_left_by(self, invocation_id: str) -> bool:
        if not (self._folder / "main.db").exists():
            return False
        try:
            with opened(self._folder / "main.db") as run:
                run("attach ? as raw", [str(self._folder / "raw.db")])
                return bool(run(AS_LEFT_BY, [invocation_id]))
        except sqlite3.Error:
            return False
