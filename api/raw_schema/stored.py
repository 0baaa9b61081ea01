"""The upload tables as they are stored, and the contract that they last followed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from api.contract import Column, Table
from api.raw_schema.sql import Run, exists, storage


def declared_tables(run: Run) -> list[Table]:
    """The upload tables of the contract as it was last applied; only reads."""
    if not exists(run, "contracts"):
        return []
    sql = "select document from contracts where declared order by position"
    return [_table(row["document"]) for row in run(sql, ())]


def stored_table(run: Run, table: Table) -> Table | None:
    """The table as it is stored; None when there is none."""
    if not exists(run, table.name):
        return None
    if exists(run, "contracts"):
        sql = "select document from contracts where table_name = ?"
        for row in run(sql, [table.name]):
            return _table(row["document"])
    return _physical(run, table)


def _physical(run: Run, table: Table) -> Table:
    """A table of before there was a record of contracts, by what SQLite tells of it."""
    wanted = {column.name: column for column in table.columns}
    columns = []
    for row in run(f'pragma table_info("{table.name}")', ()):
        name, stored = row["name"], row["type"].lower()
        like = wanted.get(name)
        same = like is not None and storage(like) == stored
        data_type = like.data_type if like is not None and same else stored
        if name != "_load_id":
            columns.append(Column(name, data_type, "", bool(row["notnull"])))
    return Table(table.name, "", tuple(columns), table.primary_key)


def remember(run: Run, tables: Sequence[Table]) -> None:
    """Keep these tables as the contract that is followed now."""
    # What is no longer declared is kept: its rows are, and it may come back.
    run("update contracts set declared = 0", ())
    for position, table in enumerate(tables):
        document = json.dumps(asdict(table))
        values = [table.name, position, document]
        run("insert or replace into contracts values (?, ?, 1, ?)", values)


def _table(document: str) -> Table:
    known = json.loads(document)
    columns = [
        Column(**column | {"accepted_values": tuple(column["accepted_values"])})
        for column in known["columns"]
    ]
    key = tuple(known["primary_key"])
    return Table(**known | {"columns": tuple(columns), "primary_key": key})
