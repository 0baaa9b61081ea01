"""How a file was read, as receipts and the ledger show it."""

from __future__ import annotations

from typing import Any, Literal

from api.intake.blanks import bare
from api.intake.encodings import UTF8, form_label
from api.intake.reading import Reading
from api.intake.source import Source

# RFC 4180 in UTF-8; a header, if there is one, has the table's own names.
PLAIN: Literal["plain"] = "plain"


def reading_record(
    reading: Reading, source: Source, line: int, remembered: int | None
) -> dict[str, Any] | str:
    """The record of a reading; `line` is the file's first line that is not blank.

    `remembered` is the id of the remembered reading that applied.
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
        "encoding": form_label(source.encoding),
        "delimiter": reading.delimiter,
        "header_line": first - 1 if layout.header else None,
        "lines_above": first - 1 - bool(layout.header),
        "columns": columns,
        "dates": reading.dates,
        "remembered": remembered,
    }
    is_plain = _effective(document) is None and not (
        source.container.kind != "plain" or document["lines_above"] or remembered
    )
    return PLAIN if is_plain else document


def reads_alike(reading: Any, other: Any) -> bool:
    """Whether the same bytes become the same rows under both readings.

    The container makes no difference. Loads of former versions have no record of their
    reading, which counts as the same.
    """
    return None in (reading, other) or _effective(reading) == _effective(other)


def _effective(reading: Any) -> Any:
    """What the rows depend on; None if it is the same as for a plain file."""
    if reading == PLAIN:
        return None
    names = ("encoding", "delimiter", "dates", "columns")
    effective = {name: reading[name] for name in names}
    columns = effective["columns"]
    if all(column["column"] == column["name"].casefold() for column in columns):
        columns = []
    plain: Any = {"encoding": UTF8, "delimiter": ",", "dates": None, "columns": []}
    return None if effective | {"columns": columns} == plain else effective
