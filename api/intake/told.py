"""How a file was read, as receipts and the ledger tell it."""

from __future__ import annotations

from typing import Any, Literal

from api.intake.blanks import bare
from api.intake.encodings import UTF8, label_of
from api.intake.reading import Reading
from api.intake.source import Source

# In one word: RFC 4180 in UTF-8, its header, if there is one, in the table's own names.
PLAIN: Literal["plain"] = "plain"


def told(
    reading: Reading, source: Source, line: int, remembered: int | None
) -> dict[str, Any] | str:
    """The reading of a file whose first line that is not blank is `line`.

    `remembered` is the number of the remembered reading by which it was read.
    """
    layout = reading.layout
    first = line + reading.above
    columns = [
        {"name": bare(cell), "column": name or None}
        for cell, name in zip(layout.header, layout.by_cell, strict=False)
        if bare(cell)
    ]
    document = {
        "container": source.container.kind,
        "sheet": source.container.part,
        "encoding": label_of(source.encoding),
        "delimiter": reading.delimiter,
        "header_line": first - 1 if layout.header else None,
        "lines_above": first - 1 - bool(layout.header),
        "columns": columns,
        "dates": reading.dates,
        "remembered": remembered,
    }
    is_plain = document == document | {
        "container": "plain",
        "encoding": UTF8,
        "delimiter": ",",
        "lines_above": 0,
        "dates": None,
        "remembered": None,
    } and all(_is_own_name(column) for column in columns)
    return PLAIN if is_plain else document


def _is_own_name(column: dict[str, Any]) -> bool:
    return bool(column["column"] == column["name"].casefold())
