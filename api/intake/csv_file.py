"""A CSV upload as blocks of judged rows, in constant memory.

Splitting is done in `records`, judging in `validator`; here the two meet.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from types import SimpleNamespace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from api.contract.model import Table
from api.errors import EmptyFile
from api.intake.cells import trim
from api.intake.header import FirstRecord, Layout, first_record, layout_of, plain_layout
from api.intake.keys import SeenKeys
from api.intake.limits import Limits
from api.intake.records import RecordReader, Records, WrongRecord, line_breaks
from api.intake.rows import Block, Defect, Reject
from api.intake.source import Source
from api.intake.validator import judge

BLOCK_SIZE = 1 << 20  # bytes; a row that spans more than two blocks is refused
_LEAST_HEAD = 1 << 16  # bytes in which the header is looked for
# What is told of a refused row takes many times its bytes, so few are judged at once.
_ROWS_AT_ONCE = 20_000


class CsvFile:
    """Judges a CSV while it is read, once.

    `header`, the file's own columns in its own order if it names them, is known from
    the first block on, `sha256` (hex, of the unzipped bytes) after the last. Iterating
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
    ) -> None:
        self.sha256 = ""
        self.header: tuple[str, ...] | None = None
        self._table = table
        self._limits = limits or Limits()
        self._source = Source(stream, self._limits)
        self._block_size = block_size

    def __iter__(self) -> Iterator[Block]:
        layout, reader = self._begin()
        self.header = layout.names if layout.has_header else None
        seen = SeenKeys(self._table)
        records = received = 0
        for piece in chain.from_iterable(map(_pieces, reader)):
            block = _judged(self._table, layout, piece, seen)
            received += block.received
            records += len(piece.lines) + len(piece.wrong)
            # One blank record may be our own, put after the last line end.
            # Blank ones count: they are no rows, but take as long to be read.
            self._limits.refuse_more_rows(max(received, records - 1))
            if block.received:
                yield block
        if not received:
            raise EmptyFile(_nothing_in(layout))
        self.sha256 = self._source.sha256

    def _begin(self) -> tuple[Layout, RecordReader]:
        """Read as far as the header, if there is one, and open what follows."""
        text, record, line = self._first_text()
        layout = plain_layout(self._table)
        if record and (record.end < len(text) or self._ends_file(record.cells)):
            layout = layout_of(self._table, record.cells)
        if record and layout.has_header:
            text, line = text[record.end :], line + record.lines
        rest, width = text.encode(), len(layout.names)
        return layout, RecordReader(self._source, rest, width, line, self._block_size)

    def _first_text(self) -> tuple[str, FirstRecord | None, int]:
        """Text from the file's start that holds the first record, unless that is huge.

        Blank lines before are dropped while more text is needed; the number is that
        of the line on which the text starts.
        """
        size = max(self._block_size, _LEAST_HEAD)
        text, line = self._source.head(size), 1
        record = first_record(text)
        while not self._source.ended:
            blank = text[: record.start] if record else text
            whole = record is not None and record.end < len(text)
            # A quote may hold all of it together: then nothing can be dropped.
            if whole or not blank or '"' in blank:
                break
            line += line_breaks(blank)
            self._limits.refuse_more_rows(line)
            text = text[len(blank) :] + self._source.head(size)
            record = first_record(text)
        return text, record, line

    def _ends_file(self, cells: Sequence[str]) -> bool:
        """Whether a record at the end of the text is whole, not cut or swallowing."""
        return self._source.ended and not any(line_breaks(cell) for cell in cells)


def read_csv(
    table: Table,
    stream: BinaryIO,
    block_size: int = BLOCK_SIZE,
    limits: Limits | None = None,
) -> CsvFile:
    """The CSV in `stream`, plain or gzipped, to be iterated over once."""
    return CsvFile(table, stream, block_size, limits)


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
    part = _with_content(part)
    nothing = pa.repeat(pa.scalar("", pa.string()), part.cells.num_rows)
    cells = [
        nothing if place is None else part.cells.column(place)
        for place in layout.places
    ]
    verdict = judge(table, cells, seen)
    rejects = _wrong_widths(layout, part.wrong)
    if verdict.defects:
        bad = sorted(verdict.defects)
        rejects += [
            Reject(part.lines[row], raw, verdict.defects[row])
            for row, raw in zip(bad, _raw(part.cells, bad), strict=True)
        ]
        rejects.sort(key=lambda reject: reject.line)
    return Block(verdict.rows, tuple(rejects))


def _with_content(part: Records) -> Records:
    """Without the records that are blank in every cell."""
    blank = None
    for column in part.cells.columns:
        empty = pc.equal(trim(column), "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return part
    rows = pc.indices_nonzero(pc.invert(blank))
    lines = [part.lines[row] for row in rows.to_pylist()]
    return Records(part.cells.take(rows), lines, part.wrong)


def _wrong_widths(layout: Layout, wrong: list[WrongRecord]) -> list[Reject]:
    expected = f"{len(layout.names)} fields expected ({', '.join(layout.names)})"

    @cache
    def defects(found: int, spaced: bool) -> tuple[Defect, ...]:
        hint = "; remove the space between a comma and a quote" if spaced else ""
        return (Defect(None, "wrong_width", f"{expected}, {found} found{hint}"),)

    return [
        Reject(record.line, text, defects(record.fields, ', "' in text))
        for record in wrong
        if (text := record.text).replace(",", "").replace('"', "").strip()
    ]


def _raw(cells: pa.RecordBatch, rows: list[int]) -> list[str]:
    """These records as CSV, without a line end."""
    lines: list[str] = []
    # The writer quotes a line break only if it looks like its own, so \r\n here.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    columns = [column.to_pylist() for column in cells.take(pa.array(rows)).columns]
    writer.writerows(zip(*columns, strict=True))
    return [line.removesuffix("\r\n") for line in lines]


def _nothing_in(layout: Layout) -> str:
    if layout.has_header:
        return "The file has a header and no rows under it."
    return "The file is empty: it holds no rows."
