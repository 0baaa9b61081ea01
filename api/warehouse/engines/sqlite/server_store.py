"""SQLite for processes that load rows and answer requests: files in one folder.

raw.db is written here, main.db and published.db by dbt alone.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from api.warehouse.engines.at_work import WorkInFolder
from api.warehouse.engines.rows_in_place import RowsInPlace
from api.warehouse.engines.server_store import Connection, Space, Stamp, UploadedRows
from api.warehouse.engines.sqlite.builder_lock import builder_is_running
from api.warehouse.engines.sqlite.commits import signal_commit
from api.warehouse.engines.sqlite.database import Database
from api.warehouse.engines.sqlite.folder_lock import shared_lock
from api.warehouse.engines.sqlite.guard import keep_sqlite3_out_of
from api.warehouse.engines.sqlite.key_locks import RangeLocks
from api.warehouse.engines.sqlite.lost_loads import check_lost_loads
from api.warehouse.engines.sqlite.problems import named
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.schema import Run, Schema, in_place

FILES = ("raw.db", "main.db", "published.db")


class SqliteServerStore:
    """The warehouse in a folder.

    Raises WarehouseReadOnly, StorageFull and WarehouseDamaged, and WarehouseBusy while
    a snapshot is being restored.
    """

    packages = ("dbt-sqlite", "adbc-driver-sqlite")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.at_work = WorkInFolder(folder / "builder")
        with named(folder):
            self._folder_lock = shared_lock(folder)
            keep_sqlite3_out_of(folder)
            self.raw = Database(
                folder / "raw.db", after_commit=lambda: signal_commit(folder)
            )
            self.published = Database(folder / "published.db")
            self._locks = RangeLocks(folder / "idempotency.lock")
        try:
            with named(folder):
                check_lost_loads(self.published, self.raw)
        except BaseException:
            self.close()
            raise

    def schema(self, run: Run) -> Schema:
        return in_place(run, Dialect())

    def uploaded(self, connection: Connection) -> UploadedRows:
        return RowsInPlace(connection, Dialect())

    def key_lock(self, key: str) -> AbstractContextManager[None]:
        return self._locks.held(key)

    def builder_is_running(self) -> bool:
        return builder_is_running(self._folder)

    def published_stamp(self) -> Stamp:
        """The state of the files: each commit changes it."""
        found = []
        for name in ("published.db", "published.db-wal"):
            try:
                stat = (self._folder / name).stat()
            except FileNotFoundError:
                continue
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return tuple(found)

    def space(self) -> Space:
        places = [f"{name}{more}" for name in FILES for more in ("", "-wal")]
        found = {name: self._folder / name for name in places}
        taken = {name: p.stat().st_size for name, p in found.items() if p.exists()}
        return Space(shutil.disk_usage(self._folder).free, taken)

    def try_to_write(self) -> None:
        """Raise OSError where no file can be written beside the databases."""
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(b"?" * 4096)
            file.flush()

    def close(self) -> None:
        self.raw.close()
        self.published.close()
        self._locks.close()
        self._folder_lock.close()
