"""Rejects as a CSV file that can be mended and uploaded again. Pure.

It has the table's columns in their order, then the line and the reasons, two columns
that intake ignores.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from api.intake.rows import LINE_COLUMN, REASONS_COLUMN
from api.wording import storable, without_formula

Cells = list[str]
BYTE_ORDER_MARK = "\ufeff"


def rejects_csv(
    columns: Sequence[str],
    rejects: Iterable[dict[str, Any]],
    header: Sequence[str] | None = None,
    as_json: bool = False,
    spreadsheet: bool = False,
) -> Iterator[str]:
    """The records of the file: a header, then one per reject.

    `columns` are the table's, `header` the column of each cell of the loaded file, if
    it had a header, "" for none. A reject has `line`, `defects` and `raw`: CSV, or JSON
    with `as_json`. For a `spreadsheet` no cell is a formula; that file is not for
    uploading, because an apostrophe before a cell changes the cell.
    """
    cells_of = _json_cells(columns) if as_json else _file_cells(columns, header)
    # Defects of records in which the column of each cell is unknown.
    unsplit = (
        {"stray_quote", "wrong_width"} if "" in (header or ()) else {"stray_quote"}
    )
    start = BYTE_ORDER_MARK if spreadsheet else ""
    yield start + _record_text([*columns, LINE_COLUMN, REASONS_COLUMN])
    for reject in rejects:
        reasons = "; ".join(defect["message"] for defect in reject["defects"])
        values = cells_of(reject["raw"])
        codes = {d["code"] for d in reject["defects"] if d["column"] is None}
        if codes & unsplit:
            values = [reject["raw"], *[""] * (len(columns) - 1)]
        cells = [*values, str(reject["line"]), reasons]
        yield _record_text(list(map(without_formula, cells)) if spreadsheet else cells)


def _file_cells(
    columns: Sequence[str], header: Sequence[str] | None
) -> Callable[[str], Cells]:
    """A function from a CSV row to its cells in the order of the table's columns."""
    folded = [name.casefold() for name in header or columns if name]

    def cells(raw: str) -> Cells:
        named = dict(
            zip(folded, _join_surplus(len(folded), _parse_record(raw)), strict=False)
        )
        return [named.get(name.casefold(), "") for name in columns]

    return cells


def _json_cells(columns: Sequence[str]) -> Callable[[str], Cells]:
    def cells(raw: str) -> Cells:
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = raw
        if isinstance(row, dict):
            return [_cell(row.get(name)) for name in columns]
        values = row if isinstance(row, list) else [row]
        found = _join_surplus(len(columns), [_cell(value) for value in values])
        return [*found, *[""] * (len(columns) - len(found))]

    return cells


def _join_surplus(width: int, cells: Cells) -> Cells:
    """At most so many cells; surplus ones are joined to the last, so none is lost."""
    return [*cells[: width - 1], ",".join(cells[width - 1 :])] if cells else []


def _parse_record(raw: str) -> Cells:
    try:
        return next(csv.reader(io.StringIO(raw, newline="")), [])
    except csv.Error:
        # A cell is longer than the csv module allows: the whole row becomes one cell.
        return [raw]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # Text is trimmed as in a batch: a space before a quote is a defect in CSV only.
    if isinstance(value, str) and storable(value):
        return value.strip()
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"
    return text if storable(text) else json.dumps(value)


def _record_text(cells: Cells) -> str:
    buffer = io.StringIO()
    # The writer quotes a line break only if it looks like its own, so \r\n here.
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"
