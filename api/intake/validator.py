"""The one validator: text cells of a table in, good rows and defects out.

CSV and JSON are unknown here; `csv_file` and `batch` call it with cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from api.contract import Table
from api.intake.cells import check
from api.intake.keys import SeenKeys
from api.intake.rows import ARROW_TYPES, Defect


@dataclass(frozen=True)
class Verdict:
    """The good rows, typed, and the defects of every other row by its position."""

    rows: pa.RecordBatch
    defects: Mapping[int, tuple[Defect, ...]]


def validate(
    table: Table,
    cells: Sequence[pa.Array],
    seen: SeenKeys,
    known: Mapping[int, Sequence[Defect]] | None = None,
) -> Verdict:
    """Check rows given as one text array per column of the table, in its order.

    `known` has the defects found earlier, by row; a cell with one is null.
    """
    known = known or {}
    defects = {row: list(found) for row, found in known.items()}
    values = []
    for column, texts in zip(table.columns, cells, strict=True):
        parsed, found = check(column, texts)
        values.append(parsed)
        for row, defect in found:
            defects.setdefault(row, []).append(defect)
    rows = pa.RecordBatch.from_arrays(values, schema=schema(table))
    rows, repeats = _without_repeats(rows, defects, seen)
    for row in known:
        _sort_defects(table, defects[row])
    others = {row: tuple(found) for row, found in defects.items()}
    return Verdict(rows, others | repeats)


def schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table's good rows."""
    fields = [(column.name, ARROW_TYPES[column.data_type]) for column in table.columns]
    return pa.schema(fields)


def _without_repeats(
    rows: pa.RecordBatch, defects: Mapping[int, object], seen: SeenKeys
) -> tuple[pa.RecordBatch, dict[int, tuple[Defect, ...]]]:
    """The good rows with a new key, and the defects of those with a repeated key."""
    good: Sequence[int] = range(rows.num_rows)
    if defects:
        good = [row for row in good if row not in defects]
        rows = rows.take(pa.array(good, pa.int64()))
    repeats = seen.repeated(rows)
    if repeats:
        kept = [place for place in range(len(good)) if place not in repeats]
        rows = rows.take(pa.array(kept, pa.int64()))
    return rows, {good[place]: (defect,) for place, defect in repeats.items()}


def _sort_defects(table: Table, defects: list[Defect]) -> None:
    """Sort by column; what belongs to no column of the table comes last."""
    places = {name: place for place, name in enumerate(table.column_names)}
    defects.sort(key=lambda defect: places.get(defect.column or "", len(places)))
