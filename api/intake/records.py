"""CSV records with the line each starts on, a block of the file at a time.

Splits and counts only: what a record means to a table is decided in `csv_file`.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from api.errors import RowTooLong, UnclosedQuote, UnreadableFile
from api.intake.source import Source

# No text holds a NUL, so this cell can only be ours. A row of it goes first, so that
# pyarrow hands out the first block before it has met a row of the right width; one
# goes last, so that a quote never closed shows by swallowing it.
_MARK = "\0"
# Python's reader would take no cell of more than 128 KiB, and a row may hold 2 MiB.
csv.field_size_limit(1 << 21)


@dataclass(frozen=True, slots=True)
class WrongRecord:
    """A record with more or fewer fields than the file has columns."""

    line: int
    text: str
    fields: int


@dataclass(frozen=True)
class Records:
    """A block: the records of the right width as text columns, and the others."""

    cells: pa.RecordBatch
    lines: Sequence[int]
    wrong: list[WrongRecord]


class RecordReader:
    """Reads what is left of a source, whose next line has the number `line`."""

    def __init__(
        self, source: Source, rest: bytes, width: int, line: int, block_size: int
    ) -> None:
        mark = (_MARK + "," * (width - 1) + "\n").encode()
        source.frame(before=mark + rest, after=b"\n" + mark)
        self._source = source
        self._names = [f"field_{place}" for place in range(width)]
        self._block_size = block_size
        self._line = line
        self._number = 2  # pyarrow counts from 1, which is the first mark
        self._waiting: deque[pa_csv.InvalidRow] = deque()
        self._first_tall: int | None = None
        self._ended = False

    def __iter__(self) -> Iterator[Records]:
        marks = 1
        try:
            for batch in self._open():
                records = self._numbered(batch.slice(marks))
                marks = 0
                self._look_for_end(records)
                yield _without_mark(records) if self._ended else records
        except pa.ArrowInvalid as error:
            raise self._unreadable(error) from error
        if not self._ended:
            raise self._unclosed(self._line, self._line)

    def _open(self) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            self._source,
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=self._block_size,
                column_names=self._names,
            ),
            pa_csv.ParseOptions(
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=self._keep,
            ),
            pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in self._names},
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )

    def _keep(self, row: pa_csv.InvalidRow) -> str:
        self._waiting.append(row)
        return "skip"

    def _numbered(self, batch: pa.RecordBatch) -> Records:
        """Find the line of every record, from the breaks inside the cells before."""
        odd = self._odd_rows(batch.num_rows)
        breaks = self._breaks_inside(batch)
        if breaks is None and not odd:
            lines: Sequence[int] = range(self._line, self._line + batch.num_rows)
            self._line += batch.num_rows
            self._number += batch.num_rows
            return Records(batch, lines, [])
        placed: list[int] = []
        wrong: list[WrongRecord] = []
        for inside in breaks or [0] * batch.num_rows:
            self._place_odd(odd, wrong)
            placed.append(self._next_line(inside))
        self._place_odd(odd, wrong)
        return Records(batch, placed, wrong)

    def _odd_rows(self, regular: int) -> deque[pa_csv.InvalidRow]:
        """The rows of wrong width that stand among or right after `regular` others.

        pyarrow parses ahead: later ones wait for their block.
        """
        odd: deque[pa_csv.InvalidRow] = deque()
        following = self._number + regular
        while self._waiting and self._waiting[0].number <= following + len(odd):
            odd.append(self._waiting.popleft())
        return odd

    def _place_odd(
        self, odd: deque[pa_csv.InvalidRow], wrong: list[WrongRecord]
    ) -> None:
        """Give the rows of wrong width that come next their lines."""
        while odd and odd[0].number == self._number:
            row = odd.popleft()
            line = self._next_line(line_breaks(row.text))
            wrong.append(WrongRecord(line, row.text, row.actual_columns))

    def _next_line(self, inside: int) -> int:
        line = self._line
        if inside and self._first_tall is None:
            self._first_tall = line
        self._line += 1 + inside
        self._number += 1
        return line

    def _breaks_inside(self, batch: pa.RecordBatch) -> list[int] | None:
        """Line breaks inside the cells of each record; None when there are none."""
        if not self._source.quotes:
            return None
        total = None
        for column in batch.columns:
            if _may_break(column):
                counts = _break_counts(column)
                total = counts if total is None else pc.add(total, counts)
        return None if total is None else total.to_pylist()

    def _look_for_end(self, records: Records) -> None:
        """Note the last mark, or refuse the file if a quoted cell has swallowed it."""
        if records.wrong and _MARK in records.wrong[-1].text:
            row = records.wrong[-1]
            raise self._unclosed(row.line, row.line + _breaks_before_last(row.text))
        if not records.cells.num_rows:
            return
        last = [column[-1].as_py() for column in records.cells.columns]
        swallowing = [place for place, cell in enumerate(last) if _MARK in cell]
        if swallowing and last[0] != _MARK:
            line = records.lines[-1]
            before = sum(line_breaks(cell) for cell in last[: swallowing[0]])
            raise self._unclosed(line, line + before)
        self._ended = bool(swallowing)

    def _unclosed(self, row: int, quote: int) -> UnclosedQuote:
        where = f"line {quote:,}"
        if quote != row:
            where += f" (in the row that starts on line {row:,})"
        return UnclosedQuote(
            f"A double quote opened on {where} is never closed. Close it, or double "
            f"it if it belongs to the text.{self._earlier(row)}"
        )

    def _earlier(self, row: int) -> str:
        """Where else to look: a quote forgotten earlier turns all later ones over."""
        line = self._first_tall
        if line is None or line >= row:
            return ""
        return (
            f" If that line is right, look at line {line:,}, the first with a row "
            "that has a line break inside quotes."
        )

    def _unreadable(self, error: pa.ArrowInvalid) -> UnreadableFile:
        self._place_odd(self._waiting, [])
        if "straddling" not in str(error):
            return UnreadableFile(f"After line {self._line:,}: {error}")
        line = self._line
        row = f"The row that starts on line {line:,}"
        if self._source.quotes:
            return UnclosedQuote(
                f"{row} has not ended after {self._block_size:,} bytes: most likely "
                f"a double quote opened there is never closed.{self._earlier(line)}"
            )
        return RowTooLong(f"{row} is longer than {self._block_size:,} bytes.")


def _without_mark(records: Records) -> Records:
    rows = records.cells.num_rows - 1
    return Records(records.cells.slice(0, rows), records.lines[:rows], records.wrong)


def line_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _breaks_before_last(text: str) -> int:
    """Line breaks in all cells of a record but the last, which never ends."""
    try:
        cells = next(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return 0
    return sum(line_breaks(cell) for cell in cells[:-1])


def _may_break(column: pa.Array) -> bool:
    """Whether any text of the column, looked at as one, holds a line break."""
    text = column.buffers()[2]
    if text is None:
        return False
    content = text.to_pybytes()
    return b"\n" in content or b"\r" in content


def _break_counts(column: pa.Array) -> pa.Array:
    feeds = pc.count_substring(column, "\n")
    returns = pc.count_substring(column, "\r")
    return pc.subtract(pc.add(feeds, returns), pc.count_substring(column, "\r\n"))
