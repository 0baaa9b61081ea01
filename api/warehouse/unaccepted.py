"""Stored rows with values outside accepted_values; only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from api.contract import Column, Table
from api.warehouse.engines import UploadedRows
from api.warehouse.raw_store import RawStore

# How many values a message names.
NAMED = 5


def unaccepted_values(store: RawStore, tables: Iterable[Table]) -> Iterator[str]:
    """Why the next build would fail, for each column that has such values."""
    stored = {table.name: set(table.column_names) for table in store.declared_tables()}
    with store.moment() as moment:
        for table in tables:
            limited = [
                column
                for column in table.columns
                if column.accepted_values and column.name in stored.get(table.name, ())
            ]
            if limited:
                yield from _about(moment, table, limited)


def _about(
    moment: UploadedRows, table: Table, limited: Sequence[Column]
) -> Iterator[str]:
    needed = {*table.primary_key, *(column.name for column in limited)}
    columns = tuple(column for column in table.columns if column.name in needed)
    wrong: list[Counter[str]] = [Counter() for _ in limited]
    with moment.newest(replace(table, columns=columns)) as (_, pages):
        for page in pages:
            for column, counts in zip(limited, wrong, strict=True):
                found = page.column(column.name).drop_null().value_counts()
                for value, count in zip(*found.flatten(), strict=True):
                    text = _text(column, value.as_py())
                    if text not in column.accepted_values:
                        counts[text] += count.as_py()
    for column, counts in zip(limited, wrong, strict=True):
        yield from _defect(table, column, counts)


def _text(column: Column, value: object) -> str:
    """As accepted_values has it; a boolean may be stored as a number."""
    return str(bool(value)) if column.data_type == "boolean" else str(value)


def _defect(table: Table, column: Column, wrong: Counter[str]) -> Iterator[str]:
    if wrong:
        names = ", ".join(f"{value!r} ({n})" for value, n in wrong.most_common(NAMED))
        more = ", ..." if len(wrong) > NAMED else ""
        yield (
            f"{table.file}: table {table.name}, column {column.name}: accepted_values"
            f" leave out what stored rows have: {names}{more}; accept them, or correct"
            " the rows"
        )
