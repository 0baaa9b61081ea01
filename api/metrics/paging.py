"""Pages: the rows that a request gets, and the position of the next page."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from api.metrics.query import Position, Query, column_of


def page(query: Query, rows: pa.Table) -> tuple[pa.Table, Position | None]:
    """The query's page of `rows`, and the position of its end if more rows follow.

    `rows` are in the query's order, from its position on, and go at least one row past
    its limit if there are as many.
    """
    skipped = _rows_at(query, rows)
    rows = rows.slice(skipped)
    if query.limit is None or rows.num_rows <= query.limit:
        return rows, None
    rows = rows.slice(0, query.limit)
    return rows, _end(query, rows, skipped)


def _rows_at(query: Query, rows: pa.Table) -> int:
    """How many of the first rows were on the pages before."""
    if query.after is None:
        return 0
    seen = 0
    while seen < min(query.after.equals, rows.num_rows):
        if _values(query, rows, seen) != query.after.values:
            break
        seen += 1
    return seen


def _end(query: Query, rows: pa.Table, skipped: int) -> Position:
    """The position of the last row, with the count of equal rows before it."""
    last = _values(query, rows, rows.num_rows - 1)
    equals = 1
    while equals < rows.num_rows:
        if _values(query, rows, rows.num_rows - 1 - equals) != last:
            return Position(last, equals)
        equals += 1
    # All rows of the page are equal: those on the pages before count as well.
    continues = query.after is not None and query.after.values == last
    return Position(last, equals + (skipped if continues else 0))


def _values(query: Query, rows: pa.Table, place: int) -> tuple[Any, ...]:
    (row,) = rows.slice(place, 1).to_pylist()
    return tuple(row[column_of(term)] for term in query.order)
