"""Find the header among the first records of a CSV, if there is one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import pyarrow as pa

from api.contract import Column, Table
from api.errors import AmbiguousReading, HeaderMismatch, Question, UnknownHeader
from api.intake.blanks import bare
from api.intake.cells import check
from api.intake.layout import MOST_CELLS, Layout, Names, expected_columns, filled_width
from api.intake.quotes import STRAY
from api.intake.wrong_records import WrongRecord, cells_of
from api.wording import cut, did_you_mean, quoted

_MOST_NAMED = 20  # columns that are listed in a message
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
RECORDS = 100  # the first ones, among which the header has to be
# Sample rows in a question about columns, and the longest header of which one is asked.
_SAMPLES = 3
_CHARACTERS = 200
_MOST_COLUMNS, _MOST_CHARACTERS = 200, 10_000
# Excel's directive for the delimiter, on the first line.
_DIRECTIVE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*(?:\r\n|\n|\r)', re.IGNORECASE)
# The beginning of an invalid value; hardly any name begins like this.
_BEGINS_VALUE = re.compile(r"[+-]?\d")


def layout_of(names: Names, text: str, line: int, delimiter: str) -> tuple[Layout, int]:
    """The layout of a file, by its first records, whose quotes are repaired.

    Returns the number of lines before the rows as well: the header and what is above
    it. Raises UnknownHeader or HeaderMismatch.
    """
    table = names.table
    directive = _DIRECTIVE.match(text)
    if directive:
        text = text[directive.end() :]
    skipped = int(bool(directive))
    above: list[tuple[list[str], int]] = []
    width = len(table.columns)
    records = islice(records_of(text, delimiter), RECORDS)
    for cells, lines in records:
        if names.is_header(cells):
            return names.layout(cells), skipped + lines
        if _is_like_row(table, cells):
            # Commas after the last column of this row are there in every row.
            if filled_width(cells) <= width < len(cells) <= MOST_CELLS:
                width = len(cells)
            if len(table.columns) > 1 and not any(_typed(table, table.column_names)):
                _check_no_header_below(names, records, line - 1 + skipped)
            break
        above.append((cells, lines))
    for cells, lines in above:
        try:
            _check_header(names, cells, delimiter, line - 1 + skipped + lines)
        except (HeaderMismatch, UnknownHeader) as problem:
            below = (row for row, end in records_of(text, delimiter) if end > lines)
            raise problem.with_question(_question(names, cells, below)) from None
    if names.said:
        raise UnknownHeader(
            "The file begins without a header, but columns names"
            f" {quoted(names.said[0][0])} as one. Leave columns out, or put the header "
            "above the rows."
        )
    columns = tuple(range(len(table.columns)))
    return Layout(table.column_names, columns, columns, width), skipped


def _check_no_header_below(
    names: Names, records: Iterable[tuple[list[str], int]], lines: int
) -> None:
    """Raise AmbiguousReading at a header below text that may be a row or a title."""
    for cells, end in records:
        if names.is_header(cells):
            raise AmbiguousReading(
                f"The header stands on line {lines + end:,}, and what stands above it"
                f" may be rows of {names.table.name} as well as titles. Remove the"
                " titles, or put the header above the rows."
            )


def _check_header(
    names: Names, cells: Sequence[str], delimiter: str, line: int
) -> None:
    """Raise if a record is neither a row nor a header.

    Raises HeaderMismatch if it names some of the columns, otherwise UnknownHeader if it
    looks like names.
    """
    table = names.table
    stray = cells[0].removeprefix(STRAY) if cells[0].startswith(STRAY) else None
    if stray is not None:
        cells = cells_of(WrongRecord(line, stray, 0, delimiter))
    named = [names.column_of(cell) for cell in cells[:MOST_CELLS]]
    if any(named) and not _is_row(table, cells):
        if stray is not None:
            raise HeaderMismatch(
                f"A double quote in the header on line {line:,} does not close its "
                f"cell: {quoted(stray)}. Expected: {expected_columns(table)}."
            )
        names.layout(cells)
    if is_like_names(table, cells):
        known = table.column_names
        read = (f"{quoted(bare(cell))}{did_you_mean(cell, known)}" for cell in cells)
        raise UnknownHeader(
            f"Line {line:,} is neither a row of {table.name} nor a header that names "
            f"its columns: {', '.join(islice(read, _MOST_NAMED))}. Name them there, in "
            f"any order: {expected_columns(table)}; or say in the form field columns"
            " what is what."
        )


def delimiters_in(head: bytes) -> list[str]:
    """The delimiters that may separate the cells of a file, by its first bytes."""
    if directive := _directive_of(head):
        return [directive]
    return [mark for mark in DELIMITERS if mark == "," or mark.encode() in head]


def _directive_of(head: bytes) -> str | None:
    """The delimiter that the file declares for Excel."""
    match = _DIRECTIVE.match(head[:20].decode(errors="replace").removeprefix("\ufeff"))
    return match and match[1]


def records_of(
    text: str, delimiter: str, quote: str = '"'
) -> Iterator[tuple[list[str], int]]:
    """The records that are not blank, each with the number of lines up to its end.

    Raises csv.Error if a quote other than the usual, which is repaired, does not close
    its cell.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote,
        strict=quote != '"',
    )
    for cells in reader:
        if any(map(bare, cells)):
            yield cells, reader.line_num


def is_like_names(table: Table, cells: Sequence[str]) -> bool:
    """Whether these are hardly a row: no cell of a typed column looks like a value."""
    if not (_has_several(table, cells) and any(_typed(table, table.column_names))):
        return False
    if len(cells) > MOST_CELLS:
        return False
    if len(cells) == len(table.columns):
        cells = [cell for _, cell in _typed(table, cells)]
    texts = [text for text in map(bare, cells) if text]
    return bool(texts) and not any(map(_is_like_value, texts))


def _is_like_value(text: str) -> bool:
    begins = _BEGINS_VALUE.match(text)
    return bool(begins) or not any(map(str.isalpha, text))


def _is_like_row(table: Table, cells: Sequence[str]) -> bool:
    """Whether a record that is no header is a row, good or not."""
    if _is_row(table, cells[: len(table.columns)]):
        return True
    several = _has_several(table, cells) or len(cells) >= len(table.columns)
    return several and any(
        _is_value(column, cell) for column, cell in _typed(table, cells) if bare(cell)
    )


def _is_row(table: Table, cells: Sequence[str]) -> bool:
    return len(cells) == len(table.columns) and all(
        _is_value(column, cell)
        for column, cell in zip(table.columns, cells, strict=True)
    )


def _typed(table: Table, cells: Sequence[str]) -> Iterator[tuple[Column, str]]:
    """The cells of columns that are not text, by position."""
    for column, cell in zip(table.columns, cells, strict=False):
        if column.data_type != "text":
            yield column, cell


def _is_value(column: Column, cell: str) -> bool:
    _, defects = check(column, pa.array([cell]))
    return not defects


def _has_several(table: Table, cells: Sequence[str]) -> bool:
    return filled_width(cells) > 1 or len(table.columns) == 1


def _question(
    names: Names, header: Sequence[str], below: Iterable[Sequence[str]]
) -> Question | None:
    """The question which column each cell of a header means; None if it is too long."""
    if len(header) > _MOST_COLUMNS or len("".join(header)) > _MOST_CHARACTERS:
        return None
    rows = [row for row, _ in zip(below, range(_SAMPLES), strict=False)]
    columns = [
        {
            "name": bare(cell),
            "samples": [cut(row[n], _CHARACTERS) for row in rows if n < len(row)],
            "column": _ours(names, cell),
        }
        for n, cell in enumerate(header)
        if bare(cell)
    ]
    return {"field": "columns", "choices": [], "columns": columns}


def _ours(names: Names, cell: str) -> str | None:
    """The table's column that the cell names, if it names one."""
    name = names.column_of(cell)
    return name if name in names.table.column_names else None
