"""What is asked of the sender of a file that can be read in several ways, or in none.

A question stands beside the problem's `detail`, for programs that show it to a person:
`field` is the form field that answers it, `choices` the values that it may have, each
with a sample of the file as it would read. For the field `columns` there are `columns`
instead: the file's headers, each with the values below it and our column, if certain.
For the field `dates` the one in `columns` has the cell that reads either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.foreign_text import cut
from api.intake.blanks import bare
from api.intake.layout import Names

_SAMPLES = 3
_CHARACTERS = 200

Question = dict[str, Any]


def of_choices(field: str, samples: Mapping[str, str]) -> Question:
    """Which value of the field is meant; the samples are by value."""
    choices = [
        {"value": value, "sample": cut(sample, _CHARACTERS)}
        for value, sample in samples.items()
    ]
    return {"field": field, "choices": choices, "columns": []}


def of_dates(column: str, cell: str, meant: Mapping[str, str]) -> Question:
    """Which of the two days a cell of the column is."""
    asked = {"name": column, "samples": [cut(cell, _CHARACTERS)], "column": column}
    return of_choices("dates", meant) | {"columns": [asked]}


def of_columns(
    names: Names, header: Sequence[str], below: Iterable[Sequence[str]]
) -> Question:
    """Which of the file's columns is which of the table's."""
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
    """The table's column that the cell certainly names."""
    name = names.column_of(cell)
    return name if name in names.table.column_names else None
