"""The rows of each load as one file: raw/<table>/load-<n>.parquet.

A load that was broken off may leave a file that no entry of the ledger names; the next
load of that number replaces it. The key of a row names its load, not the file. All
files of a table are in one folder: listing as many folders takes fifty times as long.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pyarrow as pa
import pyarrow.parquet as pq

from api.contract import Table
from api.contract.data_types import DATA_TYPES
from api.warehouse.engines.spark.storage.storage import Storage
from api.warehouse.schema import ROW_KEY

START, END = "load-", ".parquet"


def schema_of(table: Table) -> pa.Schema:
    """The columns of a table's files: those of the contract, and the key of a row."""
    columns = [
        (c.name, pa.type_for_alias(DATA_TYPES[c.data_type].served))
        for c in table.columns
    ]
    return pa.schema([*columns, (ROW_KEY, pa.int64())])


class TableFiles:
    """The files of one upload table, a load each."""

    def __init__(self, storage: Storage, table: Table) -> None:
        self.storage = storage
        self.table = table
        self.folder = f"raw/{table.name}"

    def load(self, load_id: int) -> LoadFile:
        """A file to write the load's rows to."""
        return LoadFile(self, load_id)

    def file(self, load_id: int) -> str:
        """The name of a load's file."""
        return f"{self.folder}/{START}{load_id}{END}"

    def parquet(self, load_id: int) -> pq.ParquetFile:
        """Open the rows of a load; raises FileNotFoundError."""
        return pq.ParquetFile(self.storage.open(self.file(load_id)), pre_buffer=False)

    def load_ids(self) -> list[int]:
        """The loads that have a file, broken off ones included."""
        is_there = self.storage.exists(self.folder)
        names = self.storage.files(self.folder) if is_there else []
        return sorted(int(name.removeprefix(START).removesuffix(END)) for name in names)


class LoadFile:
    """The file of a load while it is written: `append`, then `finish` or `abandon`."""

    def __init__(self, files: TableFiles, load_id: int) -> None:
        self._schema = schema_of(files.table)
        self._open = ExitStack()
        stream = self._open.enter_context(files.storage.writing(files.file(load_id)))
        self._writer = self._open.enter_context(
            pq.ParquetWriter(stream, self._schema, compression="zstd")
        )

    def append(self, rows: pa.RecordBatch) -> None:
        """Write rows of the table with their keys, the columns in any order."""
        columns = [rows.column(field.name).cast(field.type) for field in self._schema]
        batch = pa.RecordBatch.from_arrays(columns, schema=self._schema)
        self._writer.write_batch(batch)

    def finish(self) -> None:
        """Put the file in its place, durable; it counts once the ledger says so."""
        self._open.close()

    def abandon(self) -> None:
        """Remove what was written."""
        # An error of writing its end no longer matters.
        with suppress(OSError):
            self._open.__exit__(_Abandoned, _Abandoned(), None)


class _Abandoned(Exception):
    """The file is abandoned, not put in its place."""
