"""How a record that names columns lays out those below it.

Databases and programs write the same name in several ways; all of them are taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from api.contract.model import Table
from api.errors import HeaderMismatch
from api.foreign_text import quoted
from api.intake.blanks import bare
from api.intake.rows import OUR_COLUMNS
from api.suggestion import did_you_mean

MOST_CELLS = 1000  # of a header, whether they have names or not
_COMPLAINTS = 20  # of columns that are told one by one
# How databases and programs wrap a name.
_WRAPPED = re.compile(r"""`(.*)`|\[(.*)\]|'(.*)'|"(.*)\"""", re.DOTALL)


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and as what.

    `names` are the table's columns in the file's order, `columns` where they stand
    among the `width` cells of a record. `places` follows the table's columns, each with
    its place in `names`; None is an optional column not in the file.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    places: tuple[int | None, ...]
    width: int
    has_header: bool


def is_header(table: Table, cells: Sequence[str]) -> bool:
    """Whether the record consists of names of columns, with all that have to be there.

    It may have cells without a name: an index before the columns, or empty ones after.
    """
    if len(cells) > MOST_CELLS:
        return False
    found = set()
    for cell in cells:
        # Of most records the first cell tells: this is asked of many.
        if (name := column_of(table, cell)) is None:
            return False
        found.add(name)
    required = {column.name for column in table.columns if column.required}
    return not found.isdisjoint(table.column_names) and required <= found


def header_layout(table: Table, cells: Sequence[str]) -> Layout:
    """The layout that this header gives the rows; raises HeaderMismatch."""
    complaints = _complaints(table, cells)
    if complaints:
        raise HeaderMismatch(
            f"The header does not fit {table.name}: {'; '.join(complaints)}. "
            f"Expected: {expected(table)}."
        )
    found = [column_of(table, cell) for cell in cells]
    columns = tuple(place for place, name in enumerate(found) if name)
    names = tuple(name for name in found if name)
    places = {name: place for place, name in enumerate(names)}
    ordered = tuple(map(places.get, table.column_names))
    return Layout(names, columns, ordered, len(cells), has_header=True)


def column_of(table: Table, cell: str) -> str | None:
    """The column that a cell of a header names: "" where it is blank, None if none."""
    text = bare(cell)
    wrapped = _WRAPPED.fullmatch(text)
    text = bare(wrapped[wrapped.lastindex or 0]) if wrapped else text
    # By the names alone: a table takes longer to be looked up than all of the rest.
    exact, compacted = _spellings(table.headers)
    if not text:
        return ""
    return exact.get(text.casefold()) or compacted.get(compact(text))


@lru_cache
def _spellings(
    headers: tuple[tuple[str, str], ...],
) -> tuple[dict[str, str], dict[str, str]]:
    """The columns, and our own, by their names; and by what is taken for a name."""
    exact = {text.casefold(): name for text, name in headers}
    # Where two columns differ by a hyphen only, each has to be called by its name.
    meant: dict[str, set[str]] = {}
    for text, name in headers:
        meant.setdefault(compact(text), set()).add(name)
    alone = {
        text: next(iter(names)) for text, names in meant.items() if len(names) == 1
    }
    return {name: name for name in OUR_COLUMNS} | exact, alone


def compact(name: str) -> str:
    """`Department ID`, `departmentId` and `DEPARTMENT-ID` as one."""
    return "".join(filter(str.isalnum, name.casefold()))


def _complaints(table: Table, cells: Sequence[str]) -> list[str]:
    """Everything wrong with a header, in the order of the file, then of the table."""
    if len(cells) > MOST_CELLS:
        return [f"it has {len(cells):,} cells"]
    found = [column_of(table, cell) for cell in cells]
    absent = [name for name in table.column_names if name not in found]
    # An index may have no name, nor what is empty after the last column.
    inside = range(1, filled(cells))
    strange = [
        place
        for place, name in enumerate(found)
        if name is None or not name and place in inside
    ]
    complaints = []
    for place in strange[:_COMPLAINTS]:
        if text := bare(cells[place]):
            # A name that is still to be found is the likelier meaning.
            hint = did_you_mean(text, absent or table.column_names)
            complaints.append(f"unknown column {quoted(text)}{hint}")
        else:
            complaints.append(f"column {place + 1} has no name")
    if len(strange) > _COMPLAINTS:
        complaints.append(f"{len(strange) - _COMPLAINTS:,} more are unknown, too")
    for name, times in Counter(filter(None, found)).items():
        if times > 1:
            complaints.append(f"column {name!r} stands there {times:,} times")
    for column in table.columns:
        if column.required and column.name in absent:
            complaints.append(f"column {column.name!r} is missing")
    return complaints


def filled(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that is not blank."""
    return next((n for n in range(len(cells), 0, -1) if bare(cells[n - 1])), 0)


def expected(table: Table) -> str:
    return ", ".join(table.column_names)
