"""What the columns of a file mean, asked of its sender; see `errors.questions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from api.errors import Question, of_choices
from api.intake.blanks import bare
from api.intake.layout import Names
from api.wording import cut

_SAMPLES = 3
_CHARACTERS = 200
_MOST_COLUMNS, _MOST_CHARACTERS = 200, 10_000


def of_dates(column: str, cell: str, meant: Mapping[str, str]) -> Question:
    """Which of the two days a cell of the column is."""
    asked = {"name": column, "samples": [cut(cell, _CHARACTERS)], "column": column}
    return of_choices("dates", meant) | {"columns": [asked]}


def of_columns(
    names: Names, header: Sequence[str], below: Iterable[Sequence[str]]
) -> Question | None:
    """Which of the file's columns is which of ours; None of what is no header."""
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
    """The table's column that the cell certainly names."""
    name = names.column_of(cell)
    return name if name in names.table.column_names else None
