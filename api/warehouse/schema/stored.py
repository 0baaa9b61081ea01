"""The upload tables as they are stored, and the contract that they last followed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from api.contract import Column, Table
from api.warehouse.schema.sql import Run, Schema


def declared_tables(schema: Schema) -> list[Table]:
    """The upload tables of the contract as it was last applied; only reads."""
    if not schema.dialect.has_table(schema.run, "contracts"):
        return []
    sql = "select document from contracts where declared = 1 order by position"
    return [_table(row["document"]) for row in schema.run(sql, ())]


def stored_table(schema: Schema, table: Table) -> Table | None:
    """The table as it is stored; None when there is none."""
    known = schema.uploads.stored(table)
    if known is not None and schema.dialect.has_table(schema.run, "contracts"):
        sql = "select document from contracts where table_name = ?"
        for row in schema.run(sql, [table.name]):
            return _table(row["document"])
    return known


def remember(run: Run, tables: Sequence[Table]) -> None:
    """Store these tables as the contract that is followed now."""
    # A table that is no longer declared is kept: its rows are, and it may come back.
    run("update contracts set declared = 0", ())
    for position, table in enumerate(tables):
        document = json.dumps(asdict(table))
        run(
            "insert into contracts (table_name, position, declared, document)"
            " values (?, ?, 1, ?) on conflict (table_name) do update set"
            " position = excluded.position, declared = 1, document = excluded.document",
            [table.name, position, document],
        )


def _table(document: str) -> Table:
    known = json.loads(document)
    columns = [Column(**_known(column)) for column in known["columns"]]
    key = tuple(known["primary_key"])
    return Table(**known | {"columns": tuple(columns), "primary_key": key})


def _known(document: dict[str, Any]) -> dict[str, Any]:
    """What this release knows of a column; a later one may have stored more."""
    names = {field.name for field in fields(Column)} & document.keys()
    known = {name: document[name] for name in names}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in known.items()}
