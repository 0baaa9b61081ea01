"""Brings the upload tables to the contract, in the server's processes or the builder's.

Whichever comes first does it; each opens the raw store by a driver of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from api.contract import Table
from api.warehouse import schema as raw_schema
from api.warehouse.schema import Run, Schema


class Statements(Protocol):
    """A connection that runs statements."""

    @property
    def rows(self) -> Run: ...


class RawDatabase(Protocol):
    """The database of the raw store, whichever driver opens it."""

    def make_ready(self) -> None:
        """Set the database up before the first write; safe to repeat."""

    def connection(self) -> AbstractContextManager[Statements]:
        """A connection in autocommit mode."""

    def writing(self) -> AbstractContextManager[Statements]:
        """A transaction that holds the write lock; all or nothing."""


def prepare(
    raw: RawDatabase, schema_of: Callable[[Run], Schema], tables: Sequence[Table]
) -> None:
    """Bring the ledger up to date, and the upload tables to their contract.

    Raises ContractError, with nothing changed, where that would lose stored rows or
    read them differently.
    """
    raw.make_ready()
    with raw.connection() as connection:
        if raw_schema.is_current(schema_of(connection.rows), tables):
            return
    with raw.writing() as connection:
        raw_schema.apply(schema_of(connection.rows), tables)
