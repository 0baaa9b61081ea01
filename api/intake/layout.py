"""The layout that a header gives to the records below it.

Databases and programs write the same name in several ways; all of them are accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api.contract import Table
from api.errors import HeaderMismatch
from api.intake.blanks import bare
from api.intake.rows import OUR_COLUMNS
from api.wording import did_you_mean, quoted

MOST_CELLS = 1000  # of a header, whether they have names or not
_MOST_NAMED = 20  # columns that are listed in a message
# How databases and programs wrap a name.
_WRAPPED = re.compile(r"""`(.*)`|\[(.*)\]|'(.*)'|"(.*)\"""", re.DOTALL)
_SKIPPED = "\0"  # in place of a column's name, if the sender skips the header


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and as which columns of the table.

    `names` are the table's columns in the file's order, `columns` their positions among
    the `width` cells of a record; `skipped` are the other positions with a name.
    `places` has the index in `names` of each of the table's columns; None is an
    optional column that is not in the file. `header` are the cells of the header, if
    there is one.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    places: tuple[int | None, ...]
    width: int
    skipped: frozenset[int] = frozenset()
    header: tuple[str, ...] = ()

    @property
    def by_cell(self) -> tuple[str, ...]:
        """The name of the column that each cell is read as, "" where it is not."""
        named = dict(zip(self.columns, self.names, strict=True))
        return tuple(named.get(place, "") for place in range(self.width))


class Names:
    """The names that the columns of a table may have in one file.

    `said` are headers of the file, each with the column that it means, or "" if it is
    to be skipped; they take precedence.
    """

    def __init__(self, table: Table, said: Sequence[tuple[str, str]] = ()) -> None:
        self.table = table
        self.said = tuple(said)
        headers = [
            (header, column.name)
            for column in table.columns
            for header in (*column.aliases, column.name)
        ]
        self._exact = {name: name for name in OUR_COLUMNS}
        self._exact |= {text.casefold(): name for text, name in headers}
        self._exact |= {_key(text): name or _SKIPPED for text, name in said}
        # Columns that differ only by punctuation are not found by their compact names.
        meant: dict[str, set[str]] = {}
        for text, name in headers:
            meant.setdefault(compact_name(text), set()).add(name)
        self._alone = {
            text: next(iter(names)) for text, names in meant.items() if len(names) == 1
        }
        self.compacted = {*meant, *(compact_name(text) for text, _ in said)}
        self._every = set(table.column_names)
        self._required = {column.name for column in table.columns if column.required}

    def column_of(self, cell: str) -> str | None:
        """The column that a cell names: "" if it is blank, None if it names none."""
        key = _key(cell)
        if not key:
            return ""
        return self._exact.get(key) or self._alone.get(compact_name(key))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether a record consists of column names and has all that are required.

        Cells may be blank: an index before the columns, or empty ones after them. Names
        of unknown columns are allowed only if all columns of the table are there.
        """
        if len(cells) > MOST_CELLS:
            return False
        others = len(cells) - len(self._every)
        names = set()
        for cell in cells:
            # The first cell decides about most records, and this runs for many.
            if (name := self.column_of(cell)) is None:
                others -= 1
                if others < 0:
                    return False
            names.add(name)
        required = self._every if None in names else self._required
        return not names.isdisjoint(self._every) and required <= names

    def layout(self, cells: Sequence[str]) -> Layout:
        """The layout that this header gives the rows; raises HeaderMismatch."""
        defects = self._defects(cells)
        if defects:
            raise HeaderMismatch(
                f"The header does not fit {self.table.name}: {'; '.join(defects)}. "
                f"Expected: {expected_columns(self.table)}."
            )
        found = [self.column_of(cell) for cell in cells]
        others = (None, _SKIPPED)
        read = {p: name for p, name in enumerate(found) if name and name not in others}
        names = tuple(read.values())
        places = {name: place for place, name in enumerate(names)}
        return Layout(
            names,
            tuple(read),
            tuple(map(places.get, self.table.column_names)),
            len(cells),
            frozenset(place for place, name in enumerate(found) if name in others),
            tuple(cells),
        )

    def _defects(self, cells: Sequence[str]) -> list[str]:
        """The defects of a header, in the order of the file, then of the table."""
        if len(cells) > MOST_CELLS:
            return [f"it has {len(cells):,} cells"]
        found = [self.column_of(cell) for cell in cells]
        absent = [name for name in self.table.column_names if name not in found]
        # Only an index before the columns and empty cells after them may have no name.
        inside = range(1, filled_width(cells))
        strange = [
            place
            for place, name in enumerate(found)
            if name is None and absent or name == "" and place in inside
        ]
        defects = []
        for place in strange[:_MOST_NAMED]:
            if text := bare(cells[place]):
                # Columns that the header lacks are the likelier meaning.
                hint = did_you_mean(text, absent)
                defects.append(f"unknown column {quoted(text)}{hint}")
            else:
                defects.append(f"column {place + 1} has no name")
        if len(strange) > _MOST_NAMED:
            defects.append(f"{len(strange) - _MOST_NAMED:,} more are unknown, too")
        for name, times in Counter(filter(None, found)).items():
            if times > 1 and name != _SKIPPED:
                defects.append(f"column {name!r} stands there {times:,} times")
        for column in self.table.columns:
            if column.required and column.name in absent:
                defects.append(f"column {column.name!r} is missing")
        keys = set(map(_key, cells))
        for text, _ in self.said:
            if _key(text) not in keys:
                defects.append(f"it has no {quoted(text)}, which columns names")
        return defects


def compact_name(name: str) -> str:
    """The same text for `Department ID`, `departmentId` and `DEPARTMENT-ID`."""
    return "".join(filter(str.isalnum, name.casefold()))


def filled_width(cells: Sequence[str]) -> int:
    """The number of cells up to the last that is not blank."""
    return next((n for n in range(len(cells), 0, -1) if bare(cells[n - 1])), 0)


def expected_columns(table: Table) -> str:
    return ", ".join(table.column_names)


def _key(cell: str) -> str:
    """The name in a cell, unquoted and without case."""
    text = bare(cell)
    wrapped = _WRAPPED.fullmatch(text)
    return (bare(wrapped[wrapped.lastindex or 0]) if wrapped else text).casefold()
