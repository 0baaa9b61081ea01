"""The schema of raw.db: the ledger, and upload tables that follow the contract.

Pure: SQL and rules. Whoever holds a connection hands in a function that runs one
statement, so that the API and the builder go by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.contract import Table
from api.errors import ContractError
from api.raw_schema.changes import complaints_about
from api.raw_schema.ledger import MIGRATIONS
from api.raw_schema.spans import note_entry
from api.raw_schema.sql import ROW_KEY, Run, key_before
from api.raw_schema.stored import declared_tables, remember, stored_table
from api.raw_schema.tables import follow

__all__ = [
    "ROW_KEY",
    "Run",
    "apply",
    "declared_tables",
    "is_current",
    "key_before",
    "note_entry",
    "refusals",
]


def is_current(run: Run, tables: Iterable[Table]) -> bool:
    """Whether there is nothing to do for these tables; only reads."""
    if run("pragma user_version", ())[0]["user_version"] != len(MIGRATIONS):
        return False
    return declared_tables(run) == list(tables)


def refusals(run: Run, tables: Iterable[Table]) -> list[str]:
    """Why these tables cannot take the place of the stored ones; only reads."""
    return [
        f"{table.file or 'upload contract'}: table {table.name}{complaint}"
        for table in tables
        if (before := stored_table(run, table)) is not None
        for complaint in complaints_about(run, before, table)
    ]


def apply(run: Run, tables: Sequence[Table]) -> None:
    """Bring the ledger up to date and the tables to their contract.

    To be run in one transaction that holds the write lock. Raises ContractError, with
    nothing changed, where stored rows would be lost or get another meaning.
    """
    version = run("pragma user_version", ())[0]["user_version"]
    for migration in MIGRATIONS[version:]:
        for statement in migration:
            run(statement, ())
    run(f"pragma user_version = {len(MIGRATIONS)}", ())
    complaints = refusals(run, tables)
    if complaints:
        raise ContractError(complaints)
    for table in tables:
        follow(run, stored_table(run, table), table)
    remember(run, tables)
