"""Which changes of an upload table its stored rows allow, and why not the others."""

from __future__ import annotations

from api.contract import Column, Table
from api.warehouse.schema.sql import Uploads


def defects_of_change(uploads: Uploads, before: Table, after: Table) -> list[str]:
    """What a change would lose, make up or read differently of the stored rows."""
    name = after.name
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in after.columns}
    stored = uploads.rows(name)
    losses = []
    if stored and before.primary_key != after.primary_key:
        losses.append(
            f": the primary_key was {', '.join(before.primary_key)}, and {stored} rows"
            " are stored by it; put it back, or start a table of another name"
        )
    for column in after.columns:
        place = f", column {column.name}"
        if column.name not in old and column.required and stored:
            losses.append(
                f"{place} is new and not_null, but {stored} stored rows have no value"
                " for it; leave out not_null"
            )
        if column.name in old:
            losses += [
                f"{place}{why}"
                for why in _column_defects(uploads, name, old[column.name], column)
            ]
    for column in before.columns:
        if column.name not in new:
            values = uploads.values(name, column.name)
            if values:
                losses.append(
                    f", column {column.name} is gone, but {values} stored rows have a"
                    " value in it; put it back, without not_null if it is sent no more"
                )
    return losses


def _column_defects(
    uploads: Uploads, table: str, old: Column, new: Column
) -> list[str]:
    if old.data_type != new.data_type:
        values = uploads.values(table, new.name)
        if values:
            return [
                f": its data_type was {old.data_type}, and {values} stored values are"
                f" not {new.data_type}; put it back, or add a column of another name"
            ]
    if new.required and not old.required:
        empty = uploads.rows(table) - uploads.values(table, new.name)
        if empty:
            return [
                f" is not_null now, but {empty} stored rows have no value in it;"
                " leave out not_null"
            ]
    return []
