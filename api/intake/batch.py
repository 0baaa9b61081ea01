"""JSON batches: rows as `json.loads` gives them, to the cells that are judged.

Types are judged elsewhere: here a value only becomes the text of a cell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter

import pyarrow as pa

from api.contract.values import Column, Table
from api.errors import RowTooLong, UnknownHeader
from api.intake.blanks import bare
from api.intake.defects import mismatch
from api.intake.header import is_like_names
from api.intake.keys import SeenKeys
from api.intake.layout import Names, expected
from api.intake.rows import OUR_COLUMNS, Block, Defect, Reject
from api.intake.validator import judge
from api.wording import cut, did_you_mean, quoted, storable

BATCH_ROWS = 1000
ROW_CHARACTERS = 1 << 20  # as for the rows of a file
UNKNOWN_TOLD = 20  # names in one row that are no column

Cells = list[str | None]


def read_batch(table: Table, rows: Sequence[object]) -> Block:
    """Judge a batch; a reject's line is the 1-based position of its row.

    Raises RowTooLong, and UnknownHeader where an array names columns.
    """
    block = judge_rows(table, rows, SeenKeys(table))
    places: Iterable[int] = range(1, len(rows) + 1)
    if any(column.data_type != "text" for column in table.columns):
        # The name of a column is no value of any other type.
        places = (reject.line for reject in block.rejects)
    names = Names(table)
    for place in places:
        _refuse_header(names, rows, place)
    return block


def _refuse_header(names: Names, rows: Sequence[object], place: int) -> None:
    """Arrays are read by position, so that one of names would be another order."""
    row = rows[place - 1]
    if not isinstance(row, list) or not all(isinstance(v, str) for v in row):
        return
    is_first_of_more = place == 1 < len(rows)
    is_of_names = len(row) > 1 and names.is_header(row)
    if is_of_names or is_first_of_more and is_like_names(names.table, row):
        raise UnknownHeader(
            f"Row {place} is a header, not a row: {cut(_as_json(row), 200)}. The arrays"
            " of a batch have no header, and their values stand in the order of the"
            f" table: {expected(names.table)}. Leave it out, or send objects by"
            " column name."
        )


def judge_rows(
    table: Table, rows: Sequence[object], seen: SeenKeys, first: int = 1
) -> Block:
    """Judge rows given as values, the first of which is at the position `first`."""
    table = _of_values(table)
    known: dict[int, list[Defect]] = {}
    columns = _plain_columns(table, rows)
    if columns is None:
        columns = _any_columns(table, rows, known, first)
    verdict = judge(table, columns, seen, known)
    rejects = [
        Reject(first + place, _raw(first + place, rows[place]), verdict.defects[place])
        for place in sorted(verdict.defects)
    ]
    return Block(verdict.rows, tuple(rejects))


def _of_values(table: Table) -> Table:
    """Without what holds for files only: a value says itself that it is missing."""
    columns = (replace(c, missing_values=(), dates=None) for c in table.columns)
    return replace(table, columns=tuple(columns))


def _plain_columns(table: Table, rows: Sequence[object]) -> list[pa.Array] | None:
    """The cells of a batch with nothing odd in it, a column at a time; else None."""
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
    """The cells of any batch; notes in `known` what is wrong before they are judged."""
    cells: list[Cells] = []
    for place, row in enumerate(rows):
        texts, defects = _row_cells(table, row)
        _refuse_long(first + place, sum(map(len, filter(None, texts))))
        cells.append(texts)
        if defects:
            known[place] = defects
    return [
        pa.array([texts[place] for texts in cells], pa.string())
        for place in range(len(table.columns))
    ]


def _row_cells(table: Table, row: object) -> tuple[Cells, list[Defect]]:
    """The cells of one row, and what is already known to be wrong with it."""
    width = len(table.columns)
    if isinstance(row, dict):
        named: list[object] = [row.get(name) for name in table.column_names]
        cells, defects = _value_cells(table, named)
        return cells, defects + _unknown_columns(table, row)
    if not isinstance(row, list | tuple):
        message = "a row is an array of values or an object by column name"
        return [None] * width, [Defect(None, "not_a_row", message)]
    if len(row) != width:
        expected = ", ".join(table.column_names)
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
    """Whether the value can be written as a cell; only text columns are choosy."""
    if column.data_type != "text" or value is None:
        return True
    return isinstance(value, str) and storable(value)


def _cell(column: Column, value: object) -> str:
    """The value as a CSV cell would say it. What is no scalar stays no scalar."""
    if value is None:
        return ""
    if isinstance(value, str) and storable(value):
        # Trimmed here, since a space before a quote is a mistake in CSV only.
        return bare(value)
    if isinstance(value, float) and column.data_type == "integer":
        return _number(value)
    return _as_json(value)


def _number(value: float) -> str:
    """As an integer where it has no fraction, and none was lost on the way."""
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
        for key in islice(unknown, UNKNOWN_TOLD)
    ]


def _plain(texts: str) -> bool:
    """Whether no odd text, and no odd length, can be among these."""
    return len(texts) <= ROW_CHARACTERS and storable(texts)


def _refuse_long(position: int, length: int) -> None:
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
    _refuse_long(position, len(text))
    # Escapes in place of lone surrogates, so that the reject itself can be stored.
    return text if storable(text) else _as_json(row)
