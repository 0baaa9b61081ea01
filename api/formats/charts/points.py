"""The points of a chart: a mart's rows folded, aggregated and limited in number.

How they are drawn is unknown here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from api.contract import Mart
from api.contract.values import Channel, Chart, Fold

# The limits of a readable chart; the notes report what is left out.
MOST_CATEGORIES = 40
MOST_PANELS = 12
MOST_POINTS = 5_000

Point = dict[str, Any]

# The value of the reference line; no column's name begins like this.
REFERENCE = "_reference"


@dataclass(frozen=True)
class Points:
    """What is drawn: the rows, and the ordered values of each category channel.

    `notes` report what was left out.
    """

    rows: list[Point]
    domains: dict[str, list[Any]]
    whole_numbers: bool
    notes: list[str] = field(default_factory=list)


def points_of(chart: Chart, mart: Mart, rows: pa.Table, panel: str | None) -> Points:
    """The points of these rows, which have all columns of the mart."""
    notes: list[str] = []
    if panel:
        rows = _last_values(rows, panel, [panel], MOST_PANELS, notes)
    references = _reference_values(chart, rows, panel)
    rows = _fold(chart.fold, rows)
    measure = measure_of(chart)
    rows = _aggregate(chart, rows, panel)
    domains = {}
    for name, channel in chart.encoding.items():
        if channel.type in ("nominal", "ordinal"):
            order = _ordered_values(chart, name, channel, rows)
            if len(order) > MOST_CATEGORIES:
                notes.append(f"{MOST_CATEGORIES} of {len(order)} by {channel.field}")
                order = order[:MOST_CATEGORIES]
                kept = pa.array(order, rows[channel.field].type)
                rows = rows.filter(pc.is_in(rows[channel.field], value_set=kept))
            domains[name] = order
    if rows.num_rows > MOST_POINTS:
        notes.append(f"{MOST_POINTS} of {rows.num_rows} points")
        rows = rows.slice(0, MOST_POINTS)
    whole = pa.types.is_integer(rows[measure.field].type)
    points: list[Point] = rows.to_pylist()
    for point in points:
        point |= references.get(point[panel] if panel else None, {})
    return Points(points, domains, whole, notes)


def measure_of(chart: Chart) -> Channel:
    """The channel of the measured quantity: y if both are quantities."""
    x, y = chart.encoding["x"], chart.encoding["y"]
    return y if y.type == "quantitative" else x


def _fold(fold: Fold | None, rows: pa.Table) -> pa.Table:
    if fold is None:
        return rows
    kept = [name for name in rows.column_names if name not in fold.columns]
    values = [rows[name] for name in fold.columns]
    common = pa.int64() if all(pa.types.is_integer(v.type) for v in values) else None
    parts = [
        rows.select(kept)
        .append_column(fold.name, pa.repeat(pa.scalar(name), rows.num_rows))
        .append_column(fold.value, rows[name].cast(common or pa.float64()))
        for name in fold.columns
    ]
    return pa.concat_tables(parts)


def _aggregate(chart: Chart, rows: pa.Table, panel: str | None) -> pa.Table:
    """One row per combination of the other fields, if any channel has an aggregate."""
    measured = {c.field: c.aggregate for c in chart.encoding.values() if c.aggregate}
    if not measured:
        return rows
    plain = [c.field for c in chart.encoding.values() if not c.aggregate]
    keys = list(dict.fromkeys([*([panel] if panel else []), *plain]))
    aggregates = list(measured.items())
    grouped = rows.group_by(keys, use_threads=False).aggregate(aggregates)
    return grouped.rename_columns([*keys, *measured])


def _ordered_values(
    chart: Chart, name: str, channel: Channel, rows: pa.Table
) -> list[Any]:
    """The values of a category channel in the order of drawing."""
    by = (channel.sort or "").removeprefix("-")
    if channel.sort in ("ascending", "descending"):
        values = pc.unique(rows[channel.field]).to_pylist()
        some = sorted(v for v in values if v is not None)
        if channel.sort == "descending":
            some.reverse()
        return [*some, *([None] if None in values else [])]
    if by in chart.encoding and by != name:
        sums = _totals(rows, channel.field, chart.encoding[by].field)
        falling = (channel.sort or "").startswith("-")
        return sorted(sums, key=lambda value: -sums[value] if falling else sums[value])
    in_order: list[Any] = pc.unique(rows[channel.field]).to_pylist()
    return in_order


def _totals(rows: pa.Table, by: str, measure: str) -> dict[Any, float]:
    if not _is_number(rows[measure].type):
        return dict.fromkeys(pc.unique(rows[by]).to_pylist(), 0)
    summed = rows.group_by(by, use_threads=False).aggregate([(measure, "sum")])
    totals = summed[f"{measure}_sum"].to_pylist()
    return {
        value: total or 0
        for value, total in zip(summed[by].to_pylist(), totals, strict=True)
    }


def _last_values(
    rows: pa.Table, column: str, shown: Sequence[str], most: int, notes: list[str]
) -> pa.Table:
    """The rows of the last `most` values of a column."""
    values = sorted(v for v in pc.unique(rows[column]).to_pylist() if v is not None)
    if len(values) <= most:
        return rows
    notes.append(f"the last {most} of {len(values)} by {shown[0]}")
    kept = pa.array(values[-most:], rows[column].type)
    return rows.filter(pc.is_in(rows[column], value_set=kept))


def _reference_values(
    chart: Chart, rows: pa.Table, panel: str | None
) -> dict[Any, Point]:
    """The value of the reference line by panel; the only panel has the key None."""
    if chart.reference is None or not rows.num_rows:
        return {}
    name = chart.reference.field
    if panel is None:
        return {None: {REFERENCE: pc.max(rows[name]).as_py()}}
    grouped = rows.group_by(panel, use_threads=False).aggregate([(name, "max")])
    pairs = zip(
        grouped[panel].to_pylist(), grouped[f"{name}_max"].to_pylist(), strict=True
    )
    return {value: {REFERENCE: reference} for value, reference in pairs}


def _is_number(data_type: pa.DataType) -> bool:
    return bool(pa.types.is_integer(data_type) or pa.types.is_floating(data_type))
