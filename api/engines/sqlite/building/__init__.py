"""SQLite as the builder has it: through `sqlite3`, like dbt beside it.

`ledger` and `mending` look after the files, `record` tells of builds, `lock` keeps the
builder alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.contract import Table
from api.engines.model import Position
from api.engines.record import AS_LEFT_BY
from api.engines.sqlite.builder_lock import only_builder
from api.engines.sqlite.building.ledger import Ledger
from api.engines.sqlite.building.mending import SIGNS, hints_at_damage
from api.engines.sqlite.building.record import opened, record_of
from api.engines.sqlite.commits import CommitListener
from api.engines.sqlite.occupancy import occupy

RAW_IS_DAMAGED = (
    "raw.db is damaged: {}. It holds the uploaded rows. Stop the server and put the"
    " newest snapshot back."
)


class SqliteBuilding:
    """The warehouse in a folder, for its builder."""

    transient: Sequence[str] = (
        "database is locked",
        *SIGNS,
        "database or disk is full",
        "readonly database",
        "unable to open database file",
    )
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)

    def __init__(self, folder: Path, project: Path) -> None:
        self._folder = folder
        self._ledger = Ledger(folder)
        self._commits = CommitListener(folder)
        self.record = record_of(folder, project)

    @contextmanager
    def only_builder(self) -> Iterator[None]:
        with occupy(self._folder), only_builder(self._folder):
            yield

    def position(self) -> Position:
        return self._ledger.position()

    def wait(self, seconds: float) -> None:
        self._commits.wait(seconds)

    def prepare(self, tables: Sequence[Table]) -> None:
        self._ledger.prepare(tables)

    def before_build(self) -> None:
        self._ledger.clear_leftovers()
        self._ledger.clear_own_lease()

    def after_build(self) -> None:
        self._ledger.stay_connected()

    def hints_at_damage(self, message: str) -> bool:
        return hints_at_damage(message)

    def mend(self) -> bool:
        return self._ledger.mend()

    def beyond_mending(self) -> str | None:
        return RAW_IS_DAMAGED if self._ledger.raw_is_damaged() else None

    def is_whole(self) -> bool:
        return self._ledger.published_is_whole()

    def is_as_left_by(self, invocation_id: str) -> bool:
        if not (self._folder / "main.db").exists():
            return False
        try:
            with opened(self._folder / "main.db") as run:
                run("attach ? as raw", [str(self._folder / "raw.db")])
                return bool(run(AS_LEFT_BY, [invocation_id]))
        except sqlite3.Error:
            return False

    def release(self) -> None:
        self._ledger.close()
