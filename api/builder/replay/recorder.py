"""Records what dbt sends on its connections, and opens one more."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dbt.adapters.contracts.connection import Connection
from dbt.adapters.factory import FACTORY
from dbt.adapters.sql.connections import SQLConnectionManager
from dbt_common.events.contextvars import get_node_info

from api.builder.replay.comparison import Statement


@contextmanager
def recording() -> Iterator[list[Statement]]:
    """Record the statements that dbt sends inside, in order."""
    sent: list[Statement] = []
    managers: Any = SQLConnectionManager
    add_query = managers.add_query

    def add_and_record(
        manager: Any, sql: str, auto_begin: bool = True, *args: Any, **options: Any
    ) -> tuple[Any, Any]:
        connection, cursor = add_query(manager, sql, auto_begin, *args, **options)
        statement = Statement(
            sql=sql,
            node=get_node_info().get("unique_id") or "",
            session=id(connection.handle),
            thread=threading.get_ident(),
            has_values=bool(options.get("bindings") or args[:1] and args[0]),
            is_committed=not _has_open_transaction(connection.handle),
        )
        if cursor is not None and cursor.description:
            statement.columns = tuple(column[0] for column in cursor.description)
        sent.append(statement)
        return connection, _RecordingCursor(cursor, statement)

    managers.add_query = add_and_record
    try:
        yield sent
    finally:
        managers.add_query = add_query


def open_connection() -> Any:
    """A new connection of the driver, opened as dbt opens its own."""
    (adapter,) = FACTORY.adapters.values()
    manager = adapter.connections
    credentials = manager.profile.credentials
    connection = Connection(credentials.type, "played", credentials)
    return type(manager).open(connection).handle


def _has_open_transaction(connection: Any) -> bool:
    """As the driver of SQLite or PostgreSQL reports it."""
    if hasattr(connection, "in_transaction"):
        return bool(connection.in_transaction)
    return bool(connection.info.transaction_status)


class _RecordingCursor:
    """A cursor that records the rows fetched from it."""

    def __init__(self, cursor: Any, statement: Statement) -> None:
        self._cursor = cursor
        self._statement = statement

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def fetchall(self) -> Sequence[Any]:
        return self._record(self._cursor.fetchall(), None)

    def fetchmany(self, size: int) -> Sequence[Any]:
        return self._record(self._cursor.fetchmany(size), size)

    def fetchone(self) -> Any:
        row = self._cursor.fetchone()
        self._record([] if row is None else [row], 1)
        return row

    def _record(self, rows: Sequence[Any], limit: int | None) -> Sequence[Any]:
        self._statement.rows = [*(self._statement.rows or ()), *map(tuple, rows)]
        self._statement.limit = limit
        return rows
