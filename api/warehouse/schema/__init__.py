"""The schema of the raw store: the ledger, and upload tables that follow the contract.

Pure: SQL and rules. Callers pass a function that runs one statement, so that the API
and the builder follow the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.contract import Table
from api.errors import ContractError
from api.warehouse.schema.changes import defects_of_change
from api.warehouse.schema.spans import COUNTING_NOW, newest_rows, note_entry
from api.warehouse.schema.sql import (
    PLACE_BITS,
    ROW_KEY,
    Dialect,
    Run,
    Schema,
    StoredColumn,
    Uploads,
    key_before,
)
from api.warehouse.schema.stored import declared_tables, remember, stored_table
from api.warehouse.schema.tables import in_place

__all__ = [
    "COUNTING_NOW",
    "PLACE_BITS",
    "ROW_KEY",
    "Dialect",
    "Run",
    "Schema",
    "StoredColumn",
    "Uploads",
    "apply",
    "declared_tables",
    "in_place",
    "is_current",
    "key_before",
    "newest_rows",
    "note_entry",
    "refusals",
]


def is_current(schema: Schema, tables: Iterable[Table]) -> bool:
    """Whether these tables need no change; only reads."""
    if schema.dialect.version(schema.run) != len(schema.dialect.migrations):
        return False
    return declared_tables(schema) == list(tables)


def refusals(schema: Schema, tables: Iterable[Table]) -> list[str]:
    """Why these tables cannot replace the stored ones; only reads."""
    return [
        f"{table.file or 'upload contract'}: table {table.name}{defect}"
        for table in tables
        if (before := stored_table(schema, table)) is not None
        for defect in defects_of_change(schema.uploads, before, table)
    ]


def apply(schema: Schema, tables: Sequence[Table]) -> None:
    """Bring the ledger up to date and the tables to their contract.

    Runs in one transaction that holds the write lock. Raises ContractError, and changes
    nothing, where stored rows would be lost or change their meaning.
    """
    run, dialect = schema.run, schema.dialect
    version = dialect.version(run)
    for migration in dialect.migrations[version:]:
        for statement in migration:
            run(statement, ())
    if version < len(dialect.migrations):
        dialect.note_version(run, len(dialect.migrations))
    defects = refusals(schema, tables)
    if defects:
        raise ContractError(defects)
    for table in tables:
        schema.uploads.follow(stored_table(schema, table), table)
    remember(run, tables)
