"""Uploaded rows in tables beside the ledger, in one transaction with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from api.contract import Table
from api.warehouse import schema as raw_schema
from api.warehouse.engines.server_store import Connection

ROWS_AT_ONCE = 50_000


class RowsInPlace:
    """The rows, as a connection's transaction sees them."""

    def __init__(self, connection: Connection, dialect: raw_schema.Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def append(self, table: Table, load_id: int, rows: pa.RecordBatch) -> None:
        self._connection.append(table.name, rows)

    def abandon(self, table: Table, load_id: int) -> None:
        """Nothing to do: the transaction rolls them back."""

    def complete(self, table: Table, load_id: int) -> None:
        """Nothing to do: the transaction makes them durable."""

    @contextmanager
    def newest(self, table: Table) -> Iterator[tuple[int, Iterator[pa.Table]]]:
        """The newest row of each key that counts: how many, and batches of them."""
        key = ", ".join(f'"{name}"' for name in table.primary_key)
        newest = raw_schema.newest_rows(table.name, key)
        run = self._connection.rows
        integer = self._dialect.integer
        run(f"create temporary table newest (_row {integer} primary key)")
        try:
            run(f"insert into newest {newest}", [table.name])
            count = run("select count(*) as n from newest")[0]["n"]
            yield count, self._pages(table)
        finally:
            run("drop table newest")

    def _pages(self, table: Table) -> Iterator[pa.Table]:
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        sql = (
            f'select {columns}, _row from newest inner join "{table.name}" using (_row)'
            " where _row > ? order by _row limit ?"
        )
        last = 0
        while True:
            page = self._connection.table(sql, [last, ROWS_AT_ONCE])
            if not page.num_rows:
                return
            last = page.column("_row")[-1].as_py()
            yield page
