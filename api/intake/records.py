"""Split a CSV into records, a block at a time, each with the line it starts on."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from api.errors import RowTooLong, UnreadableFile
from api.intake.quotes import QuoteRepair, stray_record
from api.intake.source import Source
from api.intake.wrong_records import WrongRecord, line_breaks

# The first row is made of this, so that pyarrow returns the first block even before a
# row of the right width. No text holds a NUL.
_MARK = "\0"
# Python's reader accepts no cell of more than 128 KiB, but a row may have 2 MiB.
csv.field_size_limit(1 << 21)


@dataclass(frozen=True)
class Records:
    """A block: the records of the right width as text columns, and the others."""

    cells: pa.RecordBatch
    lines: Sequence[int]
    wrong: list[WrongRecord]


class RecordReader:
    """Reads `rest`, which starts on the line `line`, and what is left of the source."""

    def __init__(
        self,
        source: Source,
        rest: bytes,
        width: int,
        line: int,
        block_size: int,
        delimiter: str = ",",
    ) -> None:
        self._stream = _Stream(source, rest, width, block_size, delimiter)
        self._delimiter = delimiter
        self._names = [f"field_{place}" for place in range(width)]
        self._block_size = block_size
        self._line = line
        # A row of a workbook counts as one line, however many its cells have.
        self._breaks_count = not source.container.is_workbook
        self._number = 2  # pyarrow counts from 1, which is the mark
        self._waiting: deque[pa_csv.InvalidRow] = deque()

    def __iter__(self) -> Iterator[Records]:
        marks = 1
        try:
            for batch in self._open():
                yield self._numbered(batch.slice(marks))
                marks = 0
        except pa.ArrowInvalid as error:
            raise self._unreadable(error) from error
        if self._waiting:
            yield self._numbered(batch.slice(0, 0))

    def _open(self) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            self._stream,
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=self._block_size,
                column_names=self._names,
            ),
            pa_csv.ParseOptions(
                delimiter=self._delimiter,
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
        """Number the records by line, from the line breaks inside earlier cells."""
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
        """The rows of wrong width among or right after `regular` others.

        pyarrow parses ahead, so that later ones wait for their block.
        """
        odd: deque[pa_csv.InvalidRow] = deque()
        following = self._number + regular
        while self._waiting and self._waiting[0].number <= following + len(odd):
            odd.append(self._waiting.popleft())
        return odd

    def _place_odd(
        self, odd: deque[pa_csv.InvalidRow], wrong: list[WrongRecord]
    ) -> None:
        """Number the rows of wrong width that come next."""
        while odd and odd[0].number == self._number:
            row = odd.popleft()
            breaks = line_breaks(row.text) if self._breaks_count else 0
            line = self._next_line(breaks)
            stray = stray_record(row.text)
            text, fields = (
                (row.text, row.actual_columns) if stray is None else (stray, 0)
            )
            wrong.append(WrongRecord(line, text, fields, self._delimiter))

    def _next_line(self, inside: int) -> int:
        line = self._line
        self._line += 1 + inside
        self._number += 1
        return line

    def _breaks_inside(self, batch: pa.RecordBatch) -> list[int] | None:
        """Line breaks inside the cells of each record; None when there are none."""
        if not (self._stream.has_quotes and self._breaks_count):
            return None
        total = None
        for column in batch.columns:
            if _may_break(column):
                counts = _break_counts(column)
                total = counts if total is None else pc.add(total, counts)
        return None if total is None else total.to_pylist()

    def _unreadable(self, error: pa.ArrowInvalid) -> UnreadableFile:
        self._place_odd(self._waiting, [])
        if "straddling" not in str(error):
            return UnreadableFile(f"After line {self._line:,}: {error}")
        return RowTooLong(
            f"The row that starts on line {self._line:,} is longer than"
            f" {self._block_size:,} bytes."
        )


class _Stream:
    """The stream that pyarrow reads: the mark, then the records, quotes repaired."""

    def __init__(
        self,
        source: Source,
        rest: bytes,
        width: int,
        block_size: int,
        delimiter: str,
    ) -> None:
        self.closed = False
        self.has_quotes = False
        self._source = source
        # A longer record spans three blocks, for which pyarrow raises.
        self._quotes = QuoteRepair(width, 2 * block_size, delimiter)
        self._ready = (_MARK + delimiter * (width - 1) + "\n").encode()
        self._take(rest)

    def read(self, size: int) -> bytes:
        """Complete records as far as they fit, so that no row spans three blocks."""
        while not self._ready and not self._is_complete:
            room = size - len(self._quotes.waiting)
            self._take(self._source.pull(room if room > 0 else size))
        chunk, self._ready = self._ready[:size], self._ready[size:]
        if self._ready and chunk.endswith(b"\r") and len(chunk) > 1:
            # The parser drops a \n at the start of a block after a \r at the end of
            # one, even where both stand in a quoted cell.
            chunk, self._ready = chunk[:-1], b"\r" + self._ready
        return chunk

    def _take(self, part: bytes) -> None:
        self._is_complete = self._source.ended
        self.has_quotes = self.has_quotes or b'"' in part
        repaired = self._quotes.repair(part, self._is_complete)
        self._ready = self._ready + repaired if self._ready else repaired

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """The source belongs to the caller."""
        self.closed = True


def _may_break(column: pa.Array) -> bool:
    """Whether any text of the column may hold a line break."""
    text = column.buffers()[2]
    if text is None:
        return False
    content = text.to_pybytes()
    return b"\n" in content or b"\r" in content


def _break_counts(column: pa.Array) -> pa.Array:
    feeds = pc.count_substring(column, "\n")
    returns = pc.count_substring(column, "\r")
    return pc.subtract(pc.add(feeds, returns), pc.count_substring(column, "\r\n"))
