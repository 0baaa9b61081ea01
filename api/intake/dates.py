"""The order of day and month in a file's dates, as its sender says or rows prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import pyarrow as pa

from api.contract.values import DAYS, Column, Dates, Table
from api.errors import AmbiguousReading, Question, choice_question
from api.intake.blanks import bare
from api.intake.cells import check
from api.intake.layout import Layout
from api.wording import cut, quoted

Row = tuple[list[str], int]  # its cells, and the line that it ends on
_CHARACTERS = 200  # of a cell that is shown


def resolve_dates(
    table: Table, layout: Layout, rows: Sequence[Row], said: Dates | None
) -> tuple[Table, Dates | None]:
    """The table with the order of its dates in these rows, and that order.

    A column has the order that the sender says, or its declaration, or one of its own
    cells proves. Raises AmbiguousReading if a column needs an order and nothing proves
    it, and if a cell contradicts the sender or another column.
    """
    order = said
    columns = {column.name: column for column in table.columns}
    whole = [row for row in rows if len(row[0]) == layout.width]
    for column, place in zip(table.columns, layout.places, strict=True):
        if place is None or column.data_type not in DAYS:
            continue
        cells = pa.array([c[layout.columns[place]] for c, _ in whole], pa.string())
        given = said or column.dates
        proven, row = _proof(column, cells)
        if row is not None:
            shown = f"{quoted(bare(cells[row].as_py()))} on line {whole[row][1]:,}"
            if not (given or proven):
                raise _ambiguous(column, cells[row : row + 1], shown)
            if proven and (given or order or proven) != proven:
                raise _contradicted(column, shown, proven)
            order = order or proven
        columns[column.name] = replace(column, dates=given or proven)
    return replace(table, columns=tuple(columns.values())), order


def _proof(column: Column, cells: pa.Array) -> tuple[Dates | None, int | None]:
    """The order that a cell proves, if one does, and the row of one that needs one."""
    forms: tuple[Dates | None, ...] = (None, "day_first", "month_first")
    plain, day, month = (_good(replace(column, dates=d), cells) for d in forms)
    if day | month <= plain:
        return None, None
    if day > month:
        return "day_first", min(day - month)
    if month > day:
        return "month_first", min(month - day)
    return None, min((day | month) - plain)


def _good(column: Column, cells: pa.Array) -> set[int]:
    return set(range(len(cells))) - {row for row, _ in check(column, cells)[1]}


def _ambiguous(column: Column, cell: pa.Array, shown: str) -> AmbiguousReading:
    meant = {
        dates: check(replace(column, dates=dates), cell)[0][0].as_py()
        for dates in get_args(Dates)
    }
    if None in meant.values():
        return AmbiguousReading(
            f"Some days of {column.name} have the day first and some the month, such as"
            f" the {shown}. Write days as 2021-11-07, or say dates=day_first or"
            " dates=month_first in the form, and the others are rejected."
        )
    return AmbiguousReading(
        f"No day of {column.name} tells whether day or month comes first, as in {shown}"
        ". Say it in the form field dates: dates=day_first or dates=month_first.",
        question=_question(column.name, bare(cell[0].as_py()), meant),
    )


def _contradicted(column: Column, shown: str, proven: Dates) -> AmbiguousReading:
    return AmbiguousReading(
        f"The days of {column.name} are dates={proven}, as {shown} proves, and that is"
        " not what is said of them or what other days of the file are. Write days as"
        f" 2021-11-07, or say dates={proven} if it is true of all."
    )


def _question(column: str, cell: str, meant: Mapping[str, str]) -> Question:
    """The question which of two dates a cell of the column means."""
    asked = {"name": column, "samples": [cut(cell, _CHARACTERS)], "column": column}
    return choice_question("dates", meant) | {"columns": [asked]}
