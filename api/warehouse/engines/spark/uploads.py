"""Upload tables as files of the shared storage; the ledger says which count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from api.contract import Table
from api.errors import NotReady
from api.warehouse.engines.disk import problem_of
from api.warehouse.engines.server_store import Connection
from api.warehouse.engines.spark.storage import (
    LoadFile,
    Storage,
    TableFiles,
    contents,
    newest_rows,
    without_columns,
)
from api.warehouse.engines.sqlite.schema import Dialect
from api.warehouse.schema import COUNTING_NOW, Run


class SharedRows:
    """The rows of the upload tables, as a transaction on the ledger sees them."""

    def __init__(self, connection: Connection, storage: Storage) -> None:
        self._connection = connection
        self._storage = storage
        self._file: LoadFile | None = None

    def append(self, table: Table, load_id: int, rows: pa.RecordBatch) -> None:
        with reached(self._storage):
            self._opened(table, load_id).append(rows)

    def abandon(self, table: Table, load_id: int) -> None:
        """Remove the file: without a ledger entry it does not count."""
        if self._file is not None:
            self._file.abandon()
            self._file = None

    def complete(self, table: Table, load_id: int) -> None:
        """Put the file in its place, where it counts once the ledger entry commits."""
        with reached(self._storage):
            self._opened(table, load_id).finish()
        self._file = None

    @contextmanager
    def newest(self, table: Table) -> Iterator[tuple[int, Iterator[pa.Table]]]:
        """The newest row of each key that counts: how many, and batches of them."""
        found = self._connection.rows(COUNTING_NOW, [table.name])
        load_ids = [row["load_id"] for row in found]
        with reached(self._storage):
            yield newest_rows(TableFiles(self._storage, table), load_ids)

    def _opened(self, table: Table, load_id: int) -> LoadFile:
        if self._file is None:
            self._file = TableFiles(self._storage, table).load(load_id)
        return self._file


class SharedUploads:
    """What the schema of the raw store needs of such tables; see `warehouse.schema`."""

    def __init__(self, run: Run, storage: Storage) -> None:
        self._run = run
        self._storage = storage

    def stored(self, table: Table) -> Table | None:
        """A table exists once its contract was applied, which is recorded."""
        if not Dialect().has_table(self._run, "contracts"):
            return None
        sql = "select 1 as known from contracts where table_name = ?"
        return table if self._run(sql, [table.name]) else None

    def rows(self, name: str) -> int:
        sql = "select coalesce(sum(loaded), 0) as n from loads where table_name = ?"
        return int(self._run(sql, [name])[0]["n"])

    def values(self, name: str, column: str) -> int:
        files = TableFiles(self._storage, Table(name, "", (), ()))
        with reached(self._storage):
            return contents(files, self._loads(name)).values.get(column, 0)

    def follow(self, before: Table | None, after: Table) -> None:
        """Added and removed columns need nothing: a file may lack some, or have more.

        A column that is declared again with another type is removed from the files
        where it has no value, those of broken off loads too: Spark opens them all.
        """
        types = {column.name: column.data_type for column in after.columns}
        changed = [
            column.name
            for column in (before.columns if before else ())
            if types.get(column.name) != column.data_type
        ]
        if changed:
            files = TableFiles(self._storage, after)
            with reached(self._storage):
                for load_id in files.load_ids():
                    without_columns(files, load_id, changed)

    def _loads(self, name: str) -> list[int]:
        sql = "select load_id from loads where table_name = ? and of_load is null"
        return [row["load_id"] for row in self._run(sql, [name])]


@contextmanager
def reached(storage: Storage) -> Iterator[None]:
    """Raise an error of the shared storage as a problem that names it."""
    try:
        yield
    except OSError as error:
        problem = problem_of(error, Path(storage.location))
        why = str(error).splitlines()[0]
        raise problem or NotReady(
            f"The shared storage {storage.location} cannot be used ({why}). Nothing was"
            " stored; try again."
        ) from error
