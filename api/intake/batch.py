"""JSON batches: rows as `json.loads` returns them, as text cells for `validator`.

A value only becomes the text of a cell here; `cells` checks its type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter

import pyarrow as pa

from api.contract import Column, Table
from api.errors import RowTooLong, UnknownHeader
from api.intake.blanks import bare
from api.intake.defects import mismatch
from api.intake.header import is_like_names
from api.intake.keys import SeenKeys
from api.intake.layout import Names, expected_columns
from api.intake.rows import OUR_COLUMNS, Block, Defect, Reject
from api.intake.validator import validate
from api.wording import cut, did_you_mean, quoted, storable

BATCH_ROWS = 1000
ROW_CHARACTERS = 1 << 20  # as for the rows of a file
MOST_UNKNOWN = 20  # names in one row that are no column

Cells = list[str | None]


def read_batch(table: Table, rows: Sequence[object]) -> Block:
    """Check a batch; a reject's line is the 1-based position of its row.

    Raises RowTooLong, and UnknownHeader where an array names columns.
    """
    block = validate_rows(table, rows, SeenKeys(table))
    places: Iterable[int] = range(1, len(rows) + 1)
    if any(column.data_type != "text" for column in table.columns):
        # A column's name is no value of these types, so a header is a reject.
        places = (reject.line for reject in block.rejects)
    names = Names(table)
    for place in places:
        _check_no_header(names, rows, place)
    return block


def _check_no_header(names: Names, rows: Sequence[object], place: int) -> None:
    """Raise UnknownHeader if an array has column names: arrays are read by position."""
    row = rows[place - 1]
    if not isinstance(row, list) or not all(isinstance(v, str) for v in row):
        return
    is_first_of_more = place == 1 < len(rows)
    is_of_names = len(row) > 1 and names.is_header(row)
    if is_of_names or is_first_of_more and is_like_names(names.table, row):
        raise UnknownHeader(
            f"Row {place} is a header, not a row: {cut(_as_json(row), 200)}. The arrays"
            " of a batch have no header, and their values stand in the order of the"
            f" table: {expected_columns(names.table)}. Leave it out, or send objects by"
            " column name."
        )


def validate_rows(
    table: Table, rows: Sequence[object], seen: SeenKeys, first: int = 1
) -> Block:
    """Check rows given as values; `first` is the position of the first row."""
    table = _without_file_rules(table)
    known: dict[int, list[Defect]] = {}
    columns = _plain_columns(table, rows)
    if columns is None:
        columns = _any_columns(table, rows, known, first)
    verdict = validate(table, columns, seen, known)
    rejects = [
        Reject(first + place, _raw(first + place, rows[place]), verdict.defects[place])
        for place in sorted(verdict.defects)
    ]
    return Block(verdict.rows, tuple(rejects))


def _without_file_rules(table: Table) -> Table:
    """The table without the rules that apply to files only."""
    columns = (replace(c, missing_values=(), dates=None) for c in table.columns)
    return replace(table, columns=tuple(columns))


def _plain_columns(table: Table, rows: Sequence[object]) -> list[pa.Array] | None:
    """The cells of a batch of plain values, a column at a time; None for others."""
    names, columns = table.column_names, []
    by_name = itemgetter(*names) if len(names) > 1 else None
    values: list[Sequence[object]] = []
    for row in rows:
        if isinstance(row, dict) and by_name and row.keys() == set(names):
            values.append(by_name(row))
        elif isinstance(row, list) and len(row) == len(names):
            values.append(row)
        else:
            return None
    if not values:
        return None
    for column, cells in zip(table.columns, zip(*values, strict=True), strict=True):
        kinds = set(map(type, cells))
        if kinds == {str} and _plain("".join(cells)):
            texts = list(map(bare, cells))
        elif kinds == {int} and column.data_type != "text":
            texts = list(map(str, cells))
        else:
            return None
        columns.append(pa.array(texts, pa.string()))
    return columns


def _any_columns(
    table: Table, rows: Sequence[object], known: dict[int, list[Defect]], first: int
) -> list[pa.Array]:
    """The cells of any batch; adds to `known` the defects found on the way."""
    cells: list[Cells] = []
    for place, row in enumerate(rows):
        texts, defects = _row_cells(table, row)
        _check_length(first + place, sum(map(len, filter(None, texts))))
        cells.append(texts)
        if defects:
            known[place] = defects
    return [
        pa.array([texts[place] for texts in cells], pa.string())
        for place in range(len(table.columns))
    ]


def _row_cells(table: Table, row: object) -> tuple[Cells, list[Defect]]:
    """The cells of one row, and the defects found so far."""
    width = len(table.columns)
    if isinstance(row, dict):
        named: list[object] = [row.get(name) for name in table.column_names]
        cells, defects = _value_cells(table, named)
        return cells, defects + _unknown_columns(table, row)
    if not isinstance(row, list | tuple):
        message = "a row is an array of values or an object by column name"
        return [None] * width, [Defect(None, "not_a_row", message)]
    if len(row) != width:
        expected = expected_columns(table)
        message = f"{width} values expected ({expected}), {len(row)} found"
        return [None] * width, [Defect(None, "wrong_width", message)]
    return _value_cells(table, row)


def _value_cells(table: Table, values: Sequence[object]) -> tuple[Cells, list[Defect]]:
    cells: Cells = []
    defects: list[Defect] = []
    for column, value in zip(table.columns, values, strict=True):
        if _is_text_for(column, value):
            cells.append(_cell(column, value))
        else:
            shown = value if isinstance(value, str) else _as_json(value)
            cells.append(None)
            defects.append(mismatch(column, shown))
    return cells, defects


def _is_text_for(column: Column, value: object) -> bool:
    """Whether the value can become a cell; only text columns restrict values."""
    if column.data_type != "text" or value is None:
        return True
    return isinstance(value, str) and storable(value)


def _cell(column: Column, value: object) -> str:
    """The value as the text of a CSV cell; a value that is no scalar as JSON."""
    if value is None:
        return ""
    if isinstance(value, str) and storable(value):
        # Trimmed here, because a space before a quote is a defect in CSV only.
        return bare(value)
    if isinstance(value, float) and column.data_type == "integer":
        return _number(value)
    return _as_json(value)


def _number(value: float) -> str:
    """As an integer if it has no fraction and no digit was lost."""
    text = repr(value)
    if not value.is_integer() or "e" in text:
        return text
    return str(int(value)) if abs(value) < 2**53 else f"{value:.16e}"


def _unknown_columns(table: Table, row: dict[str, object]) -> list[Defect]:
    names = table.column_names
    unknown = (
        key for key in row if key not in names and key.casefold() not in OUR_COLUMNS
    )
    return [
        Defect(
            quoted(key)[1:-1],
            "unknown_column",
            f"{table.name} has no column {quoted(key)}{did_you_mean(key, names)}",
        )
        for key in islice(unknown, MOST_UNKNOWN)
    ]


def _plain(texts: str) -> bool:
    """Whether all these texts are storable and none can be too long."""
    return len(texts) <= ROW_CHARACTERS and storable(texts)


def _check_length(position: int, length: int) -> None:
    if length > ROW_CHARACTERS:
        raise RowTooLong(
            f"Row {position} is longer than {ROW_CHARACTERS:,} characters."
        )


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, default=str)
    except RecursionError:
        return "(nested too deeply to be shown)"


def _raw(position: int, row: object) -> str:
    try:
        text = json.dumps(row, ensure_ascii=False, default=str)
    except RecursionError:
        return _as_json(row)
    _check_length(position, len(text))
    # Lone surrogates are escaped, so that the reject itself can be stored.
    return text if storable(text) else _as_json(row)
