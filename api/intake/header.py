"""Whether a CSV has a header, and which column of the table stands where.

Looks at the first record only; the rows below it belong to `records`.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from api.contract.model import Column, Table
from api.errors import HeaderMismatch, UnknownHeader
from api.foreign_text import quoted
from api.intake.cells import check
from api.intake.rows import OUR_COLUMNS
from api.suggestion import did_you_mean

_NAME = re.compile(r"[A-Za-z_][\w .\-]*")
_COMPLAINTS = 20  # of columns that are told one by one
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Layout:
    """The file's columns in its own order, and where each column of the table is.

    `places` follows the table's columns; None is an optional column not in the file.
    """

    names: tuple[str, ...]
    places: tuple[int | None, ...]
    has_header: bool


@dataclass(frozen=True)
class FirstRecord:
    """The first record that is not blank: its cells, and its bounds in the text.

    `start` and `end` count characters, `lines` the lines up to `end`.
    """

    cells: tuple[str, ...]
    start: int
    end: int
    lines: int


def first_record(text: str) -> FirstRecord | None:
    """The first record with any content, or None when the text is all blank."""
    buffer = io.StringIO(text, newline="")
    reader = csv.reader(buffer)
    start = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                return FirstRecord(tuple(cells), start, buffer.tell(), reader.line_num)
            start = buffer.tell()
    except csv.Error:
        # A cell longer than the csv module allows is not a column's name.
        return FirstRecord((), start, len(text), reader.line_num)
    return None


def layout_of(table: Table, cells: tuple[str, ...]) -> Layout:
    """How the file is laid out, judged by the cells of its first record."""
    folded = [cell.strip().casefold() for cell in cells]
    ours = {name.casefold() for name in table.column_names}
    named = [name in ours for name in folded]
    if cells and all(named) or any(named) and not _is_row(table, cells):
        return _header_layout(table, folded, cells)
    if len(cells) == 1 < len(table.columns):
        _refuse_other_delimiter(table, cells[0].strip())
    if _looks_like_names(table, cells):
        raise UnknownHeader(
            f"The first line ({_listed(cells)}) is neither a row of {table.name} nor "
            f"a header that names its columns. Expected: {_expected(table)}."
        )
    return plain_layout(table)


def plain_layout(table: Table) -> Layout:
    """No header: the columns stand in the table's order."""
    names = table.column_names
    return Layout(names, tuple(range(len(names))), has_header=False)


def _header_layout(table: Table, folded: list[str], cells: tuple[str, ...]) -> Layout:
    complaints = _complaints(table, folded, cells)
    if complaints:
        raise HeaderMismatch(
            f"The header does not fit {table.name}: {'; '.join(complaints)}. "
            f"Expected: {_expected(table)}."
        )
    places = {name: place for place, name in enumerate(folded)}
    return Layout(
        tuple(cell.strip() for cell in cells),
        tuple(places.get(name.casefold()) for name in table.column_names),
        has_header=True,
    )


def _complaints(table: Table, folded: list[str], cells: tuple[str, ...]) -> list[str]:
    """Everything wrong with a header, in the order of the file, then of the table."""
    known = {name.casefold(): name for name in table.column_names}
    absent = [name for fold, name in known.items() if fold not in folded]
    strangers = [
        place
        for place, fold in enumerate(folded)
        if fold not in known and fold not in OUR_COLUMNS
    ]
    complaints = []
    for place in strangers[:_COMPLAINTS]:
        if not folded[place]:
            complaints.append(f"column {place + 1} has no name")
        else:
            # A name that is still to be found is the likelier meaning.
            hint = did_you_mean(folded[place], absent or known.values())
            complaints.append(f"unknown column {quoted(cells[place].strip())}{hint}")
    if len(strangers) > _COMPLAINTS:
        complaints.append(f"{len(strangers) - _COMPLAINTS:,} more are unknown, too")
    counts = Counter(folded)
    for name in (*table.column_names, *sorted(OUR_COLUMNS)):
        times = counts[name.casefold()]
        if times > 1:
            complaints.append(f"column {name!r} stands there {times:,} times")
    for column in table.columns:
        if column.required and column.name.casefold() not in counts:
            complaints.append(f"column {column.name!r} is missing")
    return complaints


def _refuse_other_delimiter(table: Table, text: str) -> None:
    for delimiter, called in _DELIMITERS.items():
        if delimiter in text:
            raise HeaderMismatch(
                f"The cells of a row are separated by commas, but the first line has "
                f"{called}: {quoted(text)}. Save the file with commas. "
                f"Expected: {_expected(table)}."
            )


def _looks_like_names(table: Table, cells: tuple[str, ...]) -> bool:
    """A full row of names in which no typed column holds a value of its type."""
    typed = [
        (column, cell)
        for column, cell in zip(table.columns, cells, strict=False)
        if column.data_type != "text"
    ]
    return (
        len(cells) == len(table.columns)
        and bool(typed)
        and all(_NAME.fullmatch(cell.strip()) for cell in cells)
        and not any(_is_value(column, cell) for column, cell in typed)
    )


def _is_row(table: Table, cells: tuple[str, ...]) -> bool:
    return len(cells) == len(table.columns) and all(
        _is_value(column, cell)
        for column, cell in zip(table.columns, cells, strict=True)
    )


def _is_value(column: Column, cell: str) -> bool:
    _, defects = check(column, pa.array([cell]))
    return not defects


def _expected(table: Table) -> str:
    return ", ".join(table.column_names)


def _listed(cells: tuple[str, ...]) -> str:
    return ", ".join(quoted(cell.strip()) for cell in cells)
