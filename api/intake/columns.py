"""Select the table's columns from a file's records, in one order throughout.

A file that was concatenated from several has further headers, perhaps in another order,
and spreadsheets write commas after the last column of some rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from api.contract import Table
from api.errors import HeaderMismatch
from api.intake.blanks import bare, trim
from api.intake.layout import Layout, Names
from api.intake.records import Records
from api.intake.wrong_records import WrongRecord, cells_of, raw_records

# Data types, first those whose values are least like the name of a column.
_LIKENESS = ("integer", "real", "date", "timestamp", "boolean", "text")


class Columns:
    """Brings the records of one file into the columns of its layout."""

    def __init__(self, names: Names, layout: Layout) -> None:
        self._names = names
        self._layout = layout
        # Where each column of the layout is in the records that follow.
        self._places = layout.columns
        self._skipped = layout.skipped
        self._probe_place = _probe_place(names.table, layout)

    def read(self, part: Records) -> Iterator[Records]:
        """The records without blank ones, further headers and columns without a name.

        Raises HeaderMismatch at a header that names other columns than the first.
        """
        part = _without_blank_rows(self._fit_widths(part))
        start = 0
        for row in self._header_rows(part):
            yield self._select_columns(_slice(part, start, row))
            self._apply_header(_cells(part, row), part.lines[row])
            start = row + 1
        yield self._select_columns(_slice(part, start, None))

    def _fit_widths(self, part: Records) -> Records:
        """Accept records whose width differs only by empty cells at the end."""
        wrong, fitting, lines = [], [], []
        for record in part.wrong:
            cells = cells_of(record)
            if record.fields and not any(map(bare, cells)):
                continue
            if record.fields and (fit := self._fitted(cells)):
                fitting.append(fit)
                lines.append(record.line)
                continue
            if self._names.is_header(cells):
                raise self._mismatch(record.line)
            wrong.append(record)
        part = replace(part, wrong=wrong)
        if not fitting:
            return part
        columns = map(pa.array, zip(*fitting, strict=True))
        names = part.cells.schema.names
        more = pa.RecordBatch.from_arrays([c.cast(pa.string()) for c in columns], names)
        every = [*part.lines, *lines]
        order = sorted(range(len(every)), key=every.__getitem__)
        cells = pa.concat_batches([part.cells, more]).take(pa.array(order))
        return Records(cells, [every[row] for row in order], wrong)

    def _fitted(self, cells: list[str]) -> list[str] | None:
        """The cells at the file's width; None if more than empty ones differ."""
        width = self._layout.width
        if any(map(bare, cells[width:])) or len(cells) <= max(self._places):
            return None
        return [*cells[:width], *[""] * (width - len(cells))]

    def _header_rows(self, part: Records) -> list[int]:
        """The rows that are headers, found by the values of one column."""
        if self._probe_place is None:
            return []
        column = part.cells.column(self._places[self._probe_place])
        odd = pc.invert(pc.ascii_is_decimal(column))
        if not pc.any(odd).as_py():
            return []
        rows = pc.indices_nonzero(odd)
        texts = pc.utf8_lower(column.take(rows))
        texts = pc.replace_substring_regex(texts, r"[^\pL\pN]+", "")
        named = pc.is_in(texts, value_set=pa.array(self._names.compacted, pa.string()))
        return [
            row
            for row in rows.filter(named).to_pylist()
            if self._names.is_header(_cells(part, row))
        ]

    def _apply_header(self, cells: Sequence[str], line: int) -> None:
        """Read what follows in the order of this header."""
        ours, theirs = self._layout, self._names.layout(cells)
        if {*theirs.names} != {*ours.names} or theirs.width != ours.width:
            raise self._mismatch(line)
        places = dict(zip(theirs.names, theirs.columns, strict=True))
        self._places = tuple(places[name] for name in ours.names)
        self._skipped = theirs.skipped

    def _mismatch(self, line: int) -> HeaderMismatch:
        return HeaderMismatch(
            f"The header on line {line:,} names more columns than stand above it, or "
            f"fewer: there they are {', '.join(self._layout.names)}. Send each part of "
            "the file by itself."
        )

    def _select_columns(self, part: Records) -> Records:
        """Drop the columns without a name; at the end, these have to be empty."""
        for place in range(max(self._places) + 1, self._layout.width):
            if place not in self._skipped:
                part = _reject_filled(part, place)
        if self._places == tuple(range(self._layout.width)):
            return part
        return replace(part, cells=part.cells.select(list(self._places)))


def _probe_place(table: Table, layout: Layout) -> int | None:
    """The place of the column whose values are least like a name of a column."""
    types = {column.name: column.data_type for column in table.columns}
    kinds = [types.get(name, "text") for name in layout.names]
    if kinds == ["text"]:
        # Any text may be the name of its column.
        return None
    return min(range(len(kinds)), key=lambda place: _LIKENESS.index(kinds[place]))


def _cells(part: Records, row: int) -> list[str]:
    return [column[row].as_py() for column in part.cells.columns]


def _slice(part: Records, start: int, end: int | None) -> Records:
    """The rows from `start` up to `end`, and the wrong records among and after them."""
    if start == 0 and end is None:
        return part
    first = part.lines[start - 1] if start else 0
    last = part.lines[end] if end is not None else float("inf")
    wrong = [record for record in part.wrong if first < record.line < last]
    cells = part.cells[start:end]
    return Records(cells, part.lines[start:end], wrong)


def _without_blank_rows(part: Records) -> Records:
    """The records that are not blank in every cell."""
    blank = None
    for column in part.cells.columns:
        empty = pc.equal(trim(column), "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return part
    rows = pc.indices_nonzero(pc.invert(blank))
    lines = [part.lines[row] for row in rows.to_pylist()]
    return Records(part.cells.take(rows), lines, part.wrong)


def _reject_filled(part: Records, place: int) -> Records:
    """Make rows with a value in that column, which has no name, wrong records."""
    filled = pc.not_equal(trim(part.cells.column(place)), "")
    if not pc.any(filled).as_py():
        return part
    bad = pc.indices_nonzero(filled).to_pylist()
    wrong = [
        WrongRecord(part.lines[row], raw, place + 1)
        for row, raw in zip(bad, raw_records(part.cells, bad), strict=True)
    ]
    good = pc.indices_nonzero(pc.invert(filled))
    lines = [part.lines[row] for row in good.to_pylist()]
    every = sorted([*part.wrong, *wrong], key=lambda record: record.line)
    return Records(part.cells.take(good), lines, every)
