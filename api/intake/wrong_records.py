"""Records of the wrong width or with a stray quote, and the raw text of rejects."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import pyarrow as pa

from api.intake.blanks import bare
from api.intake.layout import Layout
from api.intake.rows import Defect, Reject


@dataclass(frozen=True, slots=True)
class WrongRecord:
    """A record with more or fewer fields than the file has columns.

    It has 0 fields if it has a stray quote, which opens on its last line.
    """

    line: int
    text: str
    fields: int
    delimiter: str = ","


def rejects_of(layout: Layout, wrong: Iterable[WrongRecord]) -> list[Reject]:
    """The rejects of these records."""
    fields = layout.names
    if layout.skipped:
        fields = tuple(filter(None, map(bare, layout.header)))
    expected = f"{len(fields)} fields expected ({', '.join(fields)})"

    @cache
    def width(found: int, hint: str) -> tuple[Defect, ...]:
        return (Defect(None, "wrong_width", f"{expected}, {found} found{hint}"),)

    def defects(record: WrongRecord) -> tuple[Defect, ...]:
        if record.fields:
            return width(record.fields, _hint(record))
        line = record.line + line_breaks(record.text)
        delimiter = "comma" if record.delimiter == "," else repr(record.delimiter)
        message = (
            f"a double quote opened on line {line:,} does not close its cell: close it"
            f" right before the next {delimiter}, and double each one that belongs to"
            " the text"
        )
        return (Defect(None, "stray_quote", message),)

    return [
        Reject(record.line, raw_record(record), defects(record)) for record in wrong
    ]


def _hint(record: WrongRecord) -> str:
    if ', "' in record.text:
        return "; remove the space between a comma and a quote"
    if record.fields == 1 and record.text.startswith('"') and "," in record.text:
        return "; the whole line stands in quotes, remove the outer ones"
    return ""


def raw_records(cells: pa.RecordBatch, rows: list[int]) -> list[str]:
    """These records as CSV, without a line end."""
    columns = [column.to_pylist() for column in cells.take(pa.array(rows)).columns]
    return _lines(zip(*columns, strict=True))


def raw_record(record: WrongRecord) -> str:
    """The record with commas as delimiters.

    One with a stray quote is unchanged, because its cells are unknown.
    """
    if record.delimiter == "," or not record.fields:
        return record.text
    return _lines([cells_of(record)])[0]


def cells_of(record: WrongRecord) -> list[str]:
    """The cells of a record; of one with a stray quote, as if it had no quotes."""
    text = record.text if record.fields else record.text.replace('"', "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=record.delimiter)
    return next(reader, [])


def _lines(rows: Iterable[Sequence[str]]) -> list[str]:
    lines: list[str] = []
    # The writer quotes a line break only if it looks like its own, so \r\n here.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerows(rows)
    return [line.removesuffix("\r\n") for line in lines]


def line_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
