"""Bringing the upload tables of a database to the contract, for whoever comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.contract import Table
from api.warehouse import schema as raw_schema
from api.warehouse.engines.server_store import Connection, Database
from api.warehouse.schema import Schema


def prepare(
    raw: Database, schema_of: Callable[[Connection], Schema], tables: Sequence[Table]
) -> None:
    """Bring the ledger up to date, and the upload tables to their contract.

    Raises ContractError, with nothing changed, where that would lose stored rows or
    read them differently.
    """
    raw.make_ready()
    with raw.connection() as connection:
        if raw_schema.is_current(schema_of(connection), tables):
            return
    with raw.writing() as connection:
        raw_schema.apply(schema_of(connection), tables)
