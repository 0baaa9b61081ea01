"""The ledger as the builder reads it, through `sqlite3` like dbt in the same process.

Reads how far the ledger has come, and checks that the files are there and whole.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from api.contract import Table
from api.warehouse.engines.builder_store import LEASE_OWNER, Position, Recovery
from api.warehouse.engines.preparing import prepare
from api.warehouse.engines.sqlite.builder_store import recovery
from api.warehouse.engines.sqlite.builder_store.database import LOCK_SECONDS, Database
from api.warehouse.engines.sqlite.lost_loads import (
    check_lost_loads,
    newest_published_load,
)
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.schema import Run, Schema, in_place

log = logging.getLogger("builder")

RAW_IS_DAMAGED = (
    "raw.db is damaged: {}. It holds the uploaded rows. Stop the server and put the"
    " newest snapshot back."
)


class Ledger:
    """The ledger of the warehouse in `folder`, as the builder sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._raw_file = Database(folder / "raw.db")
        self._published_file = Database(folder / "published.db")
        self._raw: sqlite3.Connection | None = None
        self._raw_inode = self._main_inode = 0
        # The state of published.db when it was last found whole.
        self._whole: list[recovery.Stamp | None] = []
        # The state of published.db when it last held no load.
        self._loadless: recovery.Stamp | None = None
        self._main: sqlite3.Connection | None = None
        self._main_version = 0

    def position(self) -> Position:
        """The newest numbers, zeros before the API has ever run here.

        Raises WarehouseDamaged where loads are missing.
        """
        found = recovery.stamp(self._folder / "raw.db")
        if self._raw is None or found is None or found[0] != self._raw_inode:
            self._connect(found)
        position = self._read_position()
        if position.load_id == 0:
            self._check_lost_loads()
        return position

    def prepare(self, tables: Sequence[Table]) -> None:
        """Bring the upload tables to the contract that is about to be built.

        The server does the same, whichever comes first. Raises ContractError, see
        `warehouse.schema`.
        """
        if not self._raw_file.path.exists():
            self._check_lost_loads()
        prepare(self._raw_file, self.schema, tables)

    def schema(self, run: Run) -> Schema:
        return in_place(run, Dialect())

    def stay_connected(self) -> None:
        """Keep main.db open from now on: closing it last moves all of its WAL.

        dbt opens and closes it for every model.
        """
        if self._main is None and (self._folder / "main.db").exists():
            path = self._folder / "main.db"
            self._main_inode = path.stat().st_ino
            self._main = sqlite3.connect(path, isolation_level=None)
            self._main.execute("select count(*) from sqlite_master").fetchall()

    def main_has_changed(self) -> bool:
        """Whether others have written to main.db since the last call.

        If it cannot be read, a build fails on that too, and reports it.
        """
        before = self._main_version
        with suppress(sqlite3.Error, OSError):
            self.stay_connected()
            if self._main is not None:
                found = self._main.execute("pragma data_version").fetchone()
                self._main_version = found[0]
        return self._main_version != before

    def clear_own_lease(self) -> None:
        """Revoke the lease of a builder that died; this is the only builder now."""
        if not (self._folder / "main.db").exists():
            return
        with closing(
            sqlite3.connect(self._folder / "main.db", timeout=LOCK_SECONDS)
        ) as main:
            # Read before writing: another run may be active and hold the lock.
            sql = "select 1 from sqlite_master where name = 'dbt_lease'"
            if not main.execute(sql).fetchone():
                return
            ours = "from dbt_lease where owner = ?"
            if main.execute(f"select 1 {ours}", [LEASE_OWNER]).fetchone():
                main.execute(f"delete {ours}", [LEASE_OWNER])
                main.commit()

    def close(self) -> None:
        """Close the files, which may be replaced now."""
        for connection in (self._raw, self._main):
            if connection is not None:
                connection.close()
        self._raw = self._main = None

    def recover(self, error: str) -> Recovery:
        """Set damaged files aside; see `BuilderStore.recover`."""
        is_doubtful = recovery.hints_at_damage(error)
        if not is_doubtful and self._published_is_whole():
            return Recovery()
        self.close()
        if recovery.set_aside_damaged(self._folder):
            return Recovery(is_whole=False, set_aside=True)
        if is_doubtful and recovery.is_damaged(self._raw_file.path):
            return Recovery(is_whole=False, advice=RAW_IS_DAMAGED)
        return Recovery(is_whole=False)

    def clear_leftovers(self) -> None:
        """Make sure that a lost main.db or published.db is built again."""
        main = recovery.stamp(self._folder / "main.db")
        if main is None or main[0] != self._main_inode:
            self.close()
        recovery.clear_what_lost_files_left(self._folder)

    def _published_is_whole(self) -> bool:
        """Whether the published marts can be read; checked only after a change."""
        path = self._folder / "published.db"
        if not path.exists():
            return False
        now = [recovery.stamp(path), recovery.stamp(path.with_name("published.db-wal"))]
        if now != self._whole and not recovery.is_damaged(path):
            self._whole = now
        return now == self._whole

    def _connect(self, found: recovery.Stamp | None) -> None:
        """Open raw.db, which is the first file or another one than before."""
        self.close()
        # In this order: what is published was in the ledger first.
        published = newest_published_load(self._published_file)
        if found is not None:
            self._raw = sqlite3.connect(self._folder / "raw.db", isolation_level=None)
            self._raw_inode = found[0]
        newest = self._read_position().load_id
        if 0 < newest < published:
            log.error(
                "raw.db ends with load %d, not %d: all is built anew", newest, published
            )
            recovery.set_aside_derived(self._folder)

    def _read_position(self) -> Position:
        if self._raw is None:
            return Position()
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

    def _check_lost_loads(self) -> None:
        """Raise WarehouseDamaged where an empty ledger follows published loads."""
        now = recovery.stamp(self._folder / "published.db")
        if now == self._loadless:
            return
        check_lost_loads(self._published_file, self._raw_file)
        self._loadless = now
