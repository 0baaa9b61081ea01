"""A CSV upload as blocks of checked rows, in constant memory.

`records` splits the file, `validator` checks the rows.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, BinaryIO

import pyarrow as pa

from api.contract import Table
from api.errors import AmbiguousReading, EmptyFile
from api.intake.blanks import bare
from api.intake.columns import Columns
from api.intake.keys import SeenKeys
from api.intake.layout import Layout
from api.intake.options import Limits, Remembered, RememberedReading, Said
from api.intake.quotes import LINE_END
from api.intake.reading import Reading, reading_of, remembered_reading
from api.intake.reading_record import reading_record
from api.intake.records import RecordReader, Records
from api.intake.rows import Block, Reject
from api.intake.source import Source
from api.intake.validator import validate
from api.intake.wrong_records import raw_records, rejects_of

BLOCK_SIZE = 1 << 20  # bytes; a row that spans more than two blocks is an error
_LEAST_HEAD = 1 << 16  # bytes in which the header is looked for
_BLANK_LINES = re.compile(rb"(?:(?:\xef\xbb\xbf)?[ \t,]*+(?:\r\n|\n|\r(?=[^\n])))++")
# Rows checked at once: the defects of a row take many times its own memory.
_ROWS_AT_ONCE = 20_000


class CsvFile:
    """Checks the rows of a CSV, in any of `containers`, while reading it, once.

    `said` is how it is read, including a remembered reading once one applies. `sha256`
    (hex, of the unpacked bytes), `reading` (see `reading_record`), `header_cells` and
    `header` (the column of each cell, if there is a header) are set after the last
    block. Iterating raises `UnreadableFile`, `Unusable` or, beyond the limits,
    `TooLarge`.
    """

    source = "csv"
    may_be_empty = False

    def __init__(
        self,
        table: Table,
        stream: BinaryIO,
        block_size: int = BLOCK_SIZE,
        limits: Limits | None = None,
        said: Said | None = None,
        remembered: Remembered = (),
    ) -> None:
        self.sha256 = ""
        self.header: tuple[str, ...] | None = None
        self.header_cells: tuple[str, ...] = ()
        self.reading: dict[str, Any] | str | None = None
        self._table = table
        self.said = said or Said()
        self._limits = limits or Limits()
        self._remembered = remembered
        self._known: RememberedReading | None = None
        self._stream = stream
        self._source = self._open_source(self.said)
        self._block_size = block_size

    def __iter__(self) -> Iterator[Block]:
        try:
            yield from self._blocks()
        finally:
            self._source.close()

    def _blocks(self) -> Iterator[Block]:
        reading, line, reader = self._begin()
        table, layout = reading.names.table, reading.layout
        columns = Columns(reading.names, layout)
        seen = SeenKeys(table)
        records = received = 0
        for piece in chain.from_iterable(map(_pieces, reader)):
            # Blank records count: they are no rows, but take as long to read.
            records += len(piece.lines) + len(piece.wrong)
            self._limits.check_rows(records)
            for part in columns.read(piece):
                block = _validated(table, layout, part, seen)
                received += block.received
                if block.received:
                    yield block
        if not received:
            raise EmptyFile(_empty_message(layout))
        self.sha256 = self._source.sha256
        self._set_reading(reading, line)

    def sample(self) -> tuple[int, int]:
        """How many first rows there are and how many are good; instead of iterating."""
        try:
            reading, line, _ = self._begin()
        finally:
            self._source.close()
        if not reading.rows:
            raise EmptyFile(_empty_message(reading.layout))
        self._set_reading(reading, line)
        return reading.rows, reading.good

    def _set_reading(self, reading: Reading, line: int) -> None:
        layout = reading.layout
        self.header = layout.by_cell if layout.header else None
        self.header_cells = tuple(map(bare, layout.header))
        known = self._known.reading_id if self._known else None
        self.reading = reading_record(reading, self._source, line, known)

    def _begin(self) -> tuple[Reading, int, RecordReader]:
        """Read as far as the header, if there is one, and open what follows.

        Returns the reading, the first line that is not blank, and a reader of the rest.
        """
        head, line = self._head_of_remembered_sheet()
        self._known = remembered_reading(self._remembered, head, is_utf8=True)
        if self._known:
            self.said = self.said.or_else(self._known.said)
        reading = reading_of(self._table, head, self._source.ended, line, self.said)
        start = _start_of_line(head, reading.above)
        above = reading.above
        if self._source.container.is_workbook:
            above = sum(1 for _ in csv.reader(io.StringIO(head[:start].decode(), "")))
        reader = RecordReader(
            self._source,
            head[start:],
            reading.layout.width,
            line + above,
            self._block_size,
            reading.delimiter,
        )
        return reading, line, reader

    def _open_source(self, said: Said) -> Source:
        return Source(self._stream, self._limits, said, self._encoding)

    def _head_of_remembered_sheet(self) -> tuple[bytes, int]:
        """The head; of several sheets, that of the sheet of a remembered reading."""
        try:
            return self._head()
        except AmbiguousReading as problem:
            names = [choice["value"] for choice in problem.extra["question"]["choices"]]
            for known in self._remembered:
                if known.said.sheet not in names:
                    continue
                self._source.close()
                self._stream.seek(0)
                said = replace(self.said, sheet=known.said.sheet)
                self._source = self._open_source(said)
                head, line = self._head()
                if remembered_reading([known], head, is_utf8=True):
                    return head, line
            raise

    def _encoding(self, part: bytes) -> str | None:
        """The encoding of a remembered reading, for a part that is not UTF-8."""
        known = self._known or remembered_reading(self._remembered, part, is_utf8=False)
        return known.said.encoding if known else None

    def _head(self) -> tuple[bytes, int]:
        """The first block of the file, or all of it, without blank lines at its start.

        Returns the number of its first line as well.
        """
        head, line = b"", 1
        size = max(self._block_size, _LEAST_HEAD)
        while len(head) < size and not self._source.ended:
            head += self._source.pull(size)
            blank = _BLANK_LINES.match(head)
            if blank and not self._source.ended:
                line += len(LINE_END.findall(blank.group()))
                self._limits.check_rows(line)
                head = head[blank.end() :]
        return head, line


def _pieces(part: Records) -> Iterator[Records]:
    """The records in parts of at most _ROWS_AT_ONCE, split in halves by line."""
    lines, wrong = part.lines, part.wrong
    if len(lines) + len(wrong) <= _ROWS_AT_ONCE:
        yield part
        return
    more = lines if len(lines) >= len(wrong) else [record.line for record in wrong]
    middle = more[len(more) // 2]
    row = bisect_left(lines, middle)
    place = bisect_left(wrong, middle, key=lambda record: record.line)
    yield from _pieces(Records(part.cells.slice(0, row), lines[:row], wrong[:place]))
    yield from _pieces(Records(part.cells.slice(row), lines[row:], wrong[place:]))


def _validated(table: Table, layout: Layout, part: Records, seen: SeenKeys) -> Block:
    nothing = pa.repeat(pa.scalar("", pa.string()), part.cells.num_rows)
    cells = [
        nothing if place is None else part.cells.column(place)
        for place in layout.places
    ]
    verdict = validate(table, cells, seen)
    rejects = rejects_of(layout, part.wrong)
    if verdict.defects:
        bad = sorted(verdict.defects)
        rejects += [
            Reject(part.lines[row], raw, verdict.defects[row])
            for row, raw in zip(bad, raw_records(part.cells, bad), strict=True)
        ]
        rejects.sort(key=lambda reject: reject.line)
    return Block(verdict.rows, tuple(rejects))


def _empty_message(layout: Layout) -> str:
    if layout.header:
        return "The file has a header and no rows under it."
    return "The file is empty: it holds no rows."


def _start_of_line(text: bytes, number: int) -> int:
    """The offset after so many lines."""
    place = 0
    for _ in range(number):
        end = LINE_END.search(text, place)
        place = end.end() if end else len(text)
    return place
