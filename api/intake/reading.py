"""How a file is to be read: what its sender says, and what its first rows prove.

The contract is the sniffer: of the readings that are possible, the one under which the
rows fit the table is taken, and where several do, or might, the sender is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import pyarrow as pa

from api.contract.model import DAYS, Dates, Table
from api.errors import (
    AmbiguousReading,
    BadParameter,
    HeaderMismatch,
    Problem,
    UnknownHeader,
)
from api.foreign_text import quoted
from api.intake.blanks import bare
from api.intake.cells import check
from api.intake.header import DELIMITERS, delimiters_in, layout_of, records_of
from api.intake.layout import Layout, Names
from api.intake.questions import of_choices, of_dates
from api.intake.quotes import Mender
from api.intake.said import Said
from api.suggestion import did_you_mean

_DATES: tuple[Dates, ...] = ("day_first", "month_first")
_SAMPLE = 500  # rows by which a reading is judged


@dataclass(frozen=True)
class Reading:
    """How the records of a file are read.

    `names` are those of the table with the form of days that the file has, `dates`,
    where it has one. `above` counts the lines before the rows, `good` those that fit of
    the `rows` of the sample.
    """

    names: Names
    layout: Layout
    delimiter: str
    dates: Dates | None
    above: int
    rows: int
    good: int


@dataclass(frozen=True)
class _Try:
    """A reading, and which rows of the sample are good under it."""

    reading: Reading
    good: frozenset[int]
    rows: list[tuple[list[str], int]]

    @property
    def fits(self) -> bool:
        return len(self.good) == len(self.rows) > 0

    @property
    def first(self) -> list[str]:
        """The cells of the first good row."""
        return self.rows[min(self.good)][0]


def reading_of(
    table: Table, head: bytes, is_all: bool, line: int, said: Said
) -> Reading:
    """The one reading under which the first rows fit the table.

    `head` begins on the line `line`, and is all of the file or some of it. Raises
    AmbiguousReading, UnknownHeader or HeaderMismatch.
    """
    names = Names(table, _columns(table, said))
    tries: list[_Try] = []
    refusals: list[tuple[int, Problem]] = []
    for delimiter in [said.delimiter] if said.delimiter else delimiters_in(head):
        text = Mender(0, len(head), delimiter).mended(head, is_all).decode()
        try:
            tries.append(_tried(names, text, line, delimiter, said))
        except (HeaderMismatch, UnknownHeader) as problem:
            refusals.append((text.count(delimiter), problem))
    hopeful = [found for found in tries if found.good]
    fitting = [found for found in hopeful if found.fits] or hopeful
    if len(fitting) > 1:
        told = " or ".join(DELIMITERS[found.reading.delimiter] for found in fitting)
        raise AmbiguousReading(
            f"The rows fit {table.name} whether their cells are separated by {told}."
            ' Say which in the form field delimiter, as delimiter=";".',
            question=of_choices(
                "delimiter",
                {f.reading.delimiter: " | ".join(f.first) for f in fitting},
            ),
        )
    if fitting:
        return fitting[0].reading
    headed = [found for found in tries if found.reading.layout.header]
    if not headed and refusals:
        # Of what is wrong with each, the one that has the most to say.
        raise max(refusals, key=lambda refusal: refusal[0])[1]
    return (headed or tries)[0].reading


def _columns(table: Table, said: Said) -> tuple[tuple[str, str], ...]:
    """What the sender says of headers; raises BadParameter for a column we have not."""
    for header, name in said.columns:
        if name and name not in table.column_names:
            raise BadParameter(
                f"columns says that {quoted(header)} is {quoted(name)}, which is no"
                f" column of {table.name}{did_you_mean(name, table.column_names)}"
            )
    return said.columns


def _tried(names: Names, text: str, line: int, delimiter: str, said: Said) -> _Try:
    """What comes of the delimiter, with the form of days that the rows prove."""
    layout, above = layout_of(names, text, line, delimiter)
    rows = _rows(text, above, delimiter)

    def tried(dates: Dates | None) -> _Try:
        read = Names(_with_dates(names.table, dates), names.said)
        good = _good(read.table, layout, rows)
        counts = len(rows), len(good)
        reading = Reading(read, layout, delimiter, dates, above, *counts)
        return _Try(reading, good, rows)

    declared = {column.dates for column in names.table.columns} - {None}
    if said.dates or declared:
        return tried(said.dates)
    plain = tried(None)
    if plain.fits:
        return plain
    day, month = map(tried, _DATES)
    if plain.good >= day.good | month.good:
        return plain
    if day.good > month.good:
        return day
    if month.good > day.good:
        return month
    row = min((day.good | month.good) - plain.good)
    raise _either_way(names.table, layout, rows[row][0], line - 1 + rows[row][1])


def _either_way(
    table: Table, layout: Layout, cells: Sequence[str], line: int
) -> AmbiguousReading:
    """What is asked about a row whose day reads either way."""
    texts = {
        column.name: pa.array([cells[layout.columns[place]]], pa.string())
        for column, place in zip(table.columns, layout.places, strict=True)
        if place is not None and column.data_type in DAYS
    }
    name = next(n for n, text in texts.items() if check(table.column(n), text)[1])
    meant = {
        dates: check(replace(table.column(name), dates=dates), texts[name])[0][
            0
        ].as_py()
        for dates in _DATES
    }
    cell = bare(texts[name][0].as_py())
    return AmbiguousReading(
        f"No day of {name} tells whether day or month comes first, as in"
        f" {quoted(cell)} on line {line:,}. Say it in the form"
        " field dates: dates=day_first or dates=month_first.",
        question=of_dates(name, cell, {d: text or "" for d, text in meant.items()}),
    )


def _rows(text: str, above: int, delimiter: str) -> list[tuple[list[str], int]]:
    """The records of the sample that are not blank, each with the line it ends on."""
    records = records_of(text, delimiter)
    return list(islice((row for row in records if row[1] > above), _SAMPLE))


def _good(
    table: Table, layout: Layout, rows: list[tuple[list[str], int]]
) -> frozenset[int]:
    """Which of the rows fit the table."""
    right = [n for n, (cells, _) in enumerate(rows) if len(cells) == layout.width]
    bad: set[int] = set()
    for column, place in zip(table.columns, layout.places, strict=True):
        if place is None:
            continue
        at = layout.columns[place]
        cells = pa.array([rows[n][0][at] for n in right], pa.string())
        bad |= {right[n] for n, _ in check(column, cells)[1]}
    return frozenset(right) - bad


def _with_dates(table: Table, dates: Dates | None) -> Table:
    if dates is None:
        return table
    return replace(table, columns=tuple(replace(c, dates=dates) for c in table.columns))
