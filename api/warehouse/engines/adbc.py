"""A connection through ADBC, whichever driver: rows as dictionaries or as Arrow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

import adbc_driver_manager
import pyarrow as pa

from api.errors import Problem
from api.warehouse.engines.server_store import Row
from api.warehouse.schema import Dialect


class AdbcConnection(ABC):
    """A connection in autocommit mode; used by one thread at a time.

    Errors are raised as the problems that `_named` makes of them.
    """

    dialect: Dialect
    cursor_options: Mapping[str, str] = {}

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement; its rows, a dictionary each, in order."""
        return list(self.table(sql, parameters).to_pylist())

    def table(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run one statement; its rows as an Arrow table.

        A column in which no row has a value may have no type of its own.
        """
        options = dict(self.cursor_options)
        with (
            self._named(),
            self._connection.cursor(adbc_stmt_kwargs=options) as cursor,
        ):
            cursor.execute(self._statement(sql), tuple(parameters) or None)
            if cursor.description is None:
                return pa.table({})
            return cursor.fetch_arrow_table()

    def append(self, table: str, rows: pa.RecordBatch) -> None:
        """Append Arrow rows to an existing table, column by name."""
        with self._named(), self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append")

    def has_table(self, name: str) -> bool:
        return self.dialect.has_table(self.rows, name)

    def roll_back(self) -> bool:
        """Roll back after an error; False where that fails.

        The database may have rolled back by itself; closing the connection does so in
        any case.
        """
        with suppress(adbc_driver_manager.Error, Problem):
            self.rows("rollback")
            return True
        return False

    def close(self) -> None:
        with suppress(adbc_driver_manager.Error):
            self._connection.close()

    @abstractmethod
    def _named(self) -> AbstractContextManager[None]:
        """Raise an error of the driver as a problem, if it is one."""

    def _statement(self, sql: str) -> str:
        """The statement as the driver takes it; values are bound to `?`."""
        return sql
