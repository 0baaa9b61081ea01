"""Upload tables as they stand at one moment: the newest row of each key that counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from api import raw_schema
from api.contract import Table
from api.warehouse.database import Connection

ROWS_AT_ONCE = 50_000


class Moment:
    """The tables as the read transaction of a connection sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def rows(self, table: Table) -> Iterator[tuple[int, Iterator[pa.Table]]]:
        """How many rows a table has, and the rows, some at a time, as they came.

        Each part has the table's columns as they are stored, in the contract's order.
        """
        key = ", ".join(f'"{name}"' for name in table.primary_key)
        newest = raw_schema.newest_rows(table.name, key)
        run = self._connection.rows
        run("create temporary table newest (_row integer primary key)")
        try:
            run(f"insert into newest {newest}", [table.name])
            count = run("select count(*) as n from newest")[0]["n"]
            yield count, _pages(self._connection, table)
        finally:
            run("drop table newest")


def _pages(connection: Connection, table: Table) -> Iterator[pa.Table]:
    columns = ", ".join(f'"{name}"' for name in table.column_names)
    sql = (
        f'select {columns}, _row from newest inner join "{table.name}" using (_row)'
        " where _row > ? order by _row limit ?"
    )
    last = 0
    while True:
        page = connection.table(sql, [last, ROWS_AT_ONCE])
        if not page.num_rows:
            return
        last = page.column("_row")[-1].as_py()
        yield page
