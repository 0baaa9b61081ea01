"""How a record that names columns lays out those below it.

Databases and programs write the same name in several ways; all of them are taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api.contract.values import Table
from api.errors import HeaderMismatch
from api.intake.blanks import bare
from api.intake.rows import OUR_COLUMNS
from api.wording import did_you_mean, quoted

MOST_CELLS = 1000  # of a header, whether they have names or not
_COMPLAINTS = 20  # of columns that are told one by one
# How databases and programs wrap a name.
_WRAPPED = re.compile(r"""`(.*)`|\[(.*)\]|'(.*)'|"(.*)\"""", re.DOTALL)
_PASSED_OVER = "\0"  # in place of a column's name, where the sender says so


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and as what.

    `names` are the table's columns in the file's order, `columns` where they stand
    among the `width` cells of a record; `passed_over` are the others with a name.
    `places` follows the table's columns, each with its place in `names`; None is an
    optional column not in the file. `header` are the cells of the header, if there is
    one.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    places: tuple[int | None, ...]
    width: int
    passed_over: frozenset[int] = frozenset()
    header: tuple[str, ...] = ()

    @property
    def by_cell(self) -> tuple[str, ...]:
        """The name of the column that each cell is read as, "" where it is not."""
        named = dict(zip(self.columns, self.names, strict=True))
        return tuple(named.get(place, "") for place in range(self.width))


class Names:
    """What the columns of a table are called in one file.

    `said` are headers of the file, each with the column that it means, or "" where it
    is to be passed over; they go before everything else.
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
        self._exact |= {_key(text): name or _PASSED_OVER for text, name in said}
        # Where two columns differ by a hyphen only, each has to be called by its name.
        meant: dict[str, set[str]] = {}
        for text, name in headers:
            meant.setdefault(compact(text), set()).add(name)
        self._alone = {
            text: next(iter(names)) for text, names in meant.items() if len(names) == 1
        }
        self.compacted = {*meant, *(compact(text) for text, _ in said)}
        self._every = set(table.column_names)
        self._required = {column.name for column in table.columns if column.required}

    def column_of(self, cell: str) -> str | None:
        """The column that a cell names: "" where it is blank, None if it is none's."""
        key = _key(cell)
        if not key:
            return ""
        return self._exact.get(key) or self._alone.get(compact(key))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether the record consists of names, among them all that have to be there.

        It may have cells without a name: an index before the columns, or empty ones
        after. It has names of other columns only beside those of all of ours.
        """
        if len(cells) > MOST_CELLS:
            return False
        others = len(cells) - len(self._every)
        found = set()
        for cell in cells:
            # Of most records the first cell tells: this is asked of many.
            if (name := self.column_of(cell)) is None:
                others -= 1
                if others < 0:
                    return False
            found.add(name)
        wanted = self._every if None in found else self._required
        return not found.isdisjoint(self._every) and wanted <= found

    def layout(self, cells: Sequence[str]) -> Layout:
        """The layout that this header gives the rows; raises HeaderMismatch."""
        defects = self._defects(cells)
        if defects:
            raise HeaderMismatch(
                f"The header does not fit {self.table.name}: {'; '.join(defects)}. "
                f"Expected: {expected(self.table)}."
            )
        found = [self.column_of(cell) for cell in cells]
        others = (None, _PASSED_OVER)
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
        """Everything wrong with a header, in the order of the file, then of ours."""
        if len(cells) > MOST_CELLS:
            return [f"it has {len(cells):,} cells"]
        found = [self.column_of(cell) for cell in cells]
        absent = [name for name in self.table.column_names if name not in found]
        # An index may have no name, nor what is empty after the last column.
        inside = range(1, filled(cells))
        strange = [
            place
            for place, name in enumerate(found)
            if name is None and absent or name == "" and place in inside
        ]
        defects = []
        for place in strange[:_COMPLAINTS]:
            if text := bare(cells[place]):
                # A name that is still to be found is the likelier meaning.
                hint = did_you_mean(text, absent)
                defects.append(f"unknown column {quoted(text)}{hint}")
            else:
                defects.append(f"column {place + 1} has no name")
        if len(strange) > _COMPLAINTS:
            defects.append(f"{len(strange) - _COMPLAINTS:,} more are unknown, too")
        for name, times in Counter(filter(None, found)).items():
            if times > 1 and name != _PASSED_OVER:
                defects.append(f"column {name!r} stands there {times:,} times")
        for column in self.table.columns:
            if column.required and column.name in absent:
                defects.append(f"column {column.name!r} is missing")
        keys = set(map(_key, cells))
        for text, _ in self.said:
            if _key(text) not in keys:
                defects.append(f"it has no {quoted(text)}, which columns names")
        return defects


def compact(name: str) -> str:
    """`Department ID`, `departmentId` and `DEPARTMENT-ID` as one."""
    return "".join(filter(str.isalnum, name.casefold()))


def filled(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that is not blank."""
    return next((n for n in range(len(cells), 0, -1) if bare(cells[n - 1])), 0)


def expected(table: Table) -> str:
    return ", ".join(table.column_names)


def _key(cell: str) -> str:
    """A name by which others that are written alike are found."""
    text = bare(cell)
    wrapped = _WRAPPED.fullmatch(text)
    return (bare(wrapped[wrapped.lastindex or 0]) if wrapped else text).casefold()
