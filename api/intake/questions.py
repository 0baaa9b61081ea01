"""What the columns of a file mean, asked of its sender; see `errors.questions`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.errors import Question
from api.foreign_text import cut
from api.intake.blanks import bare
from api.intake.layout import Names

_SAMPLES = 3
_CHARACTERS = 200


def of_columns(
    names: Names, header: Sequence[str], below: Iterable[Sequence[str]]
) -> Question:
    """Which of the file's columns is which of the table's."""
    rows = [row for row, _ in zip(below, range(_SAMPLES), strict=False)]
    columns = [
        {
            "name": bare(cell),
            "samples": [cut(row[n], _CHARACTERS) for row in rows if n < len(row)],
            "column": names.column_of(cell),
        }
        for n, cell in enumerate(header)
        if bare(cell)
    ]
    return {"field": "columns", "choices": [], "columns": columns}
