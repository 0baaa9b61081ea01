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
    is_plain = _meaning(document) is None and not (
        source.container.kind != "plain" or document["lines_above"] or remembered
    )
    return PLAIN if is_plain else document


def is_alike(reading: Any, other: Any) -> bool:
    """Whether the same bytes come to the same rows under both.

    What they were packed in makes no difference. How loads of former versions were read
    is not known, and taken for alike.
    """
    return None in (reading, other) or _meaning(reading) == _meaning(other)


def _meaning(reading: Any) -> Any:
    """What the rows depend on; None where it is what a plain file has."""
    if reading == PLAIN:
        return None
    names = ("encoding", "delimiter", "dates", "columns")
    found = {name: reading[name] for name in names}
    columns = found["columns"]
    if all(column["column"] == column["name"].casefold() for column in columns):
        columns = []
    plain: Any = {"encoding": UTF8, "delimiter": ",", "dates": None, "columns": []}
    return None if found | {"columns": columns} == plain else found
