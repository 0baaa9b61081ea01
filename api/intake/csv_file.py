"""A CSV upload as blocks of judged rows, in constant memory.

Splitting is done in `records`, judging in `validator`; here the two meet.
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

from api.contract.values import Table
from api.errors import AmbiguousReading, EmptyFile
from api.intake.blanks import bare
from api.intake.columns import Columns
from api.intake.keys import SeenKeys
from api.intake.layout import Layout
from api.intake.options import Limits, Remembered, RememberedReading, Said
from api.intake.quotes import LINE_END
from api.intake.reading import Reading, reading_of, remembered_reading
from api.intake.reading_record import told
from api.intake.records import RecordReader, Records
from api.intake.rows import Block, Reject
from api.intake.source import Source
from api.intake.validator import judge
from api.intake.wrong_records import raw_records, rejects_of

BLOCK_SIZE = 1 << 20  # bytes; a row that spans more than two blocks is refused
_LEAST_HEAD = 1 << 16  # bytes in which the header is looked for
_BLANK_LINES = re.compile(rb"(?:(?:\xef\xbb\xbf)?[ \t,]*+(?:\r\n|\n|\r(?=[^\n])))++")
# What is told of a refused row takes many times its bytes, so few are judged at once.
_ROWS_AT_ONCE = 20_000


class CsvFile:
    """Judges a CSV while it is read, once.

    `said` is how it is read, with what is remembered of it once that is known. `sha256`
    (hex, of the unpacked bytes), `reading`, see `told`, `header_cells` and `header`,
    the column of each if the file names them, are known after the last block. Iterating
    raises `UnreadableFile`, `Unusable` or, beyond the limits, `TooLarge`.
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
        self._source = self._opened(self.said)
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
            # Blank ones count: they are no rows, but take as long to be read.
            records += len(piece.lines) + len(piece.wrong)
            self._limits.refuse_more_rows(records)
            for part in columns.read(piece):
                block = _judged(table, layout, part, seen)
                received += block.received
                if block.received:
                    yield block
        if not received:
            raise EmptyFile(_nothing_in(layout))
        self.sha256 = self._source.sha256
        self._tell(reading, line)

    def sample(self) -> tuple[int, int]:
        """How many first rows there are, and are good, in place of the blocks."""
        try:
            reading, line, _ = self._begin()
        finally:
            self._source.close()
        if not reading.rows:
            raise EmptyFile(_nothing_in(reading.layout))
        self._tell(reading, line)
        return reading.rows, reading.good

    def _tell(self, reading: Reading, line: int) -> None:
        layout = reading.layout
        self.header = layout.by_cell if layout.header else None
        self.header_cells = tuple(map(bare, layout.header))
        known = self._known.reading_id if self._known else None
        self.reading = told(reading, self._source, line, known)

    def _begin(self) -> tuple[Reading, int, RecordReader]:
        """Read as far as the header, if there is one, and open what follows.

        With them comes the number of the first line that is not blank.
        """
        head, line = self._head_of_sheet()
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

    def _opened(self, said: Said) -> Source:
        return Source(self._stream, self._limits, said, self._encoding)

    def _head_of_sheet(self) -> tuple[bytes, int]:
        """The head; of several sheets, that of the one which is remembered."""
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
                self._source = self._opened(said)
                head, line = self._head()
                if remembered_reading([known], head, is_utf8=True):
                    return head, line
            raise

    def _encoding(self, part: bytes) -> str | None:
        """The one that is remembered of the file, of which this is no UTF-8."""
        known = self._known or remembered_reading(self._remembered, part, is_utf8=False)
        return known.said.encoding if known else None

    def _head(self) -> tuple[bytes, int]:
        """A block of the file, or all, from its first line that is not blank on.

        With it comes the number of that line.
        """
        head, line = b"", 1
        size = max(self._block_size, _LEAST_HEAD)
        while len(head) < size and not self._source.ended:
            head += self._source.pull(size)
            blank = _BLANK_LINES.match(head)
            if blank and not self._source.ended:
                line += len(LINE_END.findall(blank.group()))
                self._limits.refuse_more_rows(line)
                head = head[blank.end() :]
        return head, line


def read_csv(
    table: Table,
    stream: BinaryIO,
    block_size: int = BLOCK_SIZE,
    limits: Limits | None = None,
    said: Said | None = None,
    remembered: Remembered = (),
) -> CsvFile:
    """The table in `stream`, in any of `containers`, to be iterated over once."""
    return CsvFile(table, stream, block_size, limits, said, remembered)


def _pieces(part: Records) -> Iterator[Records]:
    """The records in parts of at most _ROWS_AT_ONCE, halved by their lines."""
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


def _judged(table: Table, layout: Layout, part: Records, seen: SeenKeys) -> Block:
    nothing = pa.repeat(pa.scalar("", pa.string()), part.cells.num_rows)
    cells = [
        nothing if place is None else part.cells.column(place)
        for place in layout.places
    ]
    verdict = judge(table, cells, seen)
    rejects = rejects_of(layout, part.wrong)
    if verdict.defects:
        bad = sorted(verdict.defects)
        rejects += [
            Reject(part.lines[row], raw, verdict.defects[row])
            for row, raw in zip(bad, raw_records(part.cells, bad), strict=True)
        ]
        rejects.sort(key=lambda reject: reject.line)
    return Block(verdict.rows, tuple(rejects))


def _nothing_in(layout: Layout) -> str:
    if layout.header:
        return "The file has a header and no rows under it."
    return "The file is empty: it holds no rows."


def _start_of_line(text: bytes, number: int) -> int:
    """Where so many lines are over."""
    place = 0
    for _ in range(number):
        end = LINE_END.search(text, place)
        place = end.end() if end else len(text)
    return place
