"""The type rules: text cells to typed values, a whole column at a time.

Rows, files and requests are unknown here. `defects` has the messages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from api.contract import Column, DataType, Dates
from api.intake.blanks import trim
from api.intake.defects import THOUSANDS, defect_of, not_accepted
from api.intake.rows import ARROW_TYPES, Defect
from api.intake.timestamps import to_dates, to_timestamps

_INTEGER = r"^-?[0-9]+(?:\.0*)?$"
_REAL = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"

# Every integer of at most so many characters fits an int64.
_SURE_DIGITS = 18
_INT64 = range(-(2**63), 2**63)
_NO_TEXT = pa.scalar(None, pa.string())


def check(column: Column, cells: pa.Array) -> tuple[pa.Array, list[tuple[int, Defect]]]:
    """The column's values, and the defects by row, in row order.

    A null cell already has a defect and gets no other. The value of a cell with a
    defect is unspecified.
    """
    values = _without_missing(column, parse(column.data_type, cells, column.dates))
    defects = _invalid_cells(column, cells, values) if values.null_count else []
    if column.accepted_values:
        defects += _not_accepted_cells(column, cells, values)
    return values, defects


def parse(data_type: DataType, cells: pa.Array, dates: Dates | None = None) -> pa.Array:
    """Parse text as values of the type; null if a cell is empty or invalid."""
    if data_type in _DAYS:
        return _DAYS[data_type](cells, dates)
    return _PARSERS[data_type](cells)


def _without_missing(column: Column, values: pa.Array) -> pa.Array:
    """Null in place of the texts that mean no value; other types parse none of them."""
    if column.data_type != "text" or not column.missing_values:
        return values
    nothing = pc.is_in(values, value_set=_missing(column))
    return pc.if_else(nothing, _NO_TEXT, values) if pc.any(nothing).as_py() else values


def _missing(column: Column) -> pa.Array:
    return pa.array(column.missing_values, pa.string())


def _invalid_cells(
    column: Column, cells: pa.Array, values: pa.Array
) -> list[tuple[int, Defect]]:
    suspect = pc.and_(pc.is_null(values), pc.is_valid(cells))
    if not column.required:
        nothing = pa.array(["", *column.missing_values])
        suspect = pc.and_not(suspect, pc.is_in(trim(cells), value_set=nothing))
    return _defects_at(cells, suspect, partial(defect_of, column))


def _not_accepted_cells(
    column: Column, cells: pa.Array, values: pa.Array
) -> list[tuple[int, Defect]]:
    # The accepted values go through the same parser: 07 is 7, and TRUE is true.
    listed = parse(column.data_type, pa.array(column.accepted_values, pa.string()))
    outside = pc.invert(pc.is_in(values, value_set=listed))
    outside = pc.and_(outside, pc.is_valid(values))
    return _defects_at(cells, outside, partial(not_accepted, column))


def _defects_at(
    cells: pa.Array, mask: pa.Array, why: Callable[[str, str], Defect]
) -> list[tuple[int, Defect]]:
    """The defects of the cells in the mask; equal cells share one."""
    rows = pc.indices_nonzero(mask)
    texts = cells.take(rows).dictionary_encode()
    raw, trimmed = texts.dictionary.to_pylist(), trim(texts.dictionary).to_pylist()
    defects = [why(*pair) for pair in zip(raw, trimmed, strict=True)]
    places = texts.indices.to_pylist()
    return [
        (row, defects[at]) for row, at in zip(rows.to_pylist(), places, strict=True)
    ]


def _matching(cells: pa.Array, pattern: str) -> pa.Array:
    """The cells that match; null in place of the others."""
    return pc.if_else(pc.match_substring_regex(cells, pattern), cells, _NO_TEXT)


def _texts(cells: pa.Array) -> pa.Array:
    trimmed = trim(cells)
    no_text = pc.equal(trimmed, "")
    if not trimmed.equals(cells):
        # In `1, "Ann"` the space makes the quotes part of the text, which is a mistake.
        inside = pc.starts_with(trimmed, '"')
        stray = pc.and_not(inside, pc.starts_with(cells, '"'))
        no_text = pc.or_(no_text, stray)
    if not pc.any(no_text).as_py():
        return trimmed
    return pc.if_else(no_text, _NO_TEXT, trimmed)


def _integers(cells: pa.Array) -> pa.Array:
    plain = pc.all(pc.ascii_is_decimal(cells), skip_nulls=False).as_py()
    if not plain:
        cells = _matching(trim(cells), _INTEGER)
        either = pc.match_substring_regex(cells, f"^{THOUSANDS}$")
        cells = pc.if_else(either, _NO_TEXT, cells)
        # pandas writes 8.0 in a column that has gaps.
        cells = pc.replace_substring_regex(cells, r"\..*", "")
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    if longest > _SURE_DIGITS:
        cells = _within_int64(cells)
    # Arrow's own cast would also accept 0x1F, hence the pattern above.
    return pc.cast(cells, pa.int64())


def _within_int64(cells: pa.Array) -> pa.Array:
    """Null in place of the whole numbers that no int64 can hold."""
    long = pc.greater(pc.binary_length(cells), _SURE_DIGITS)
    rows = pc.indices_nonzero(long)
    kept = [_shortened(text) for text in cells.take(rows).to_pylist()]
    mask = pc.fill_null(long, False)
    return pc.replace_with_mask(cells, mask, pa.array(kept, pa.string()))


def _shortened(text: str) -> str | None:
    """Without leading zeros, which int() counts; None if it is too large."""
    digits = text.lstrip("-").lstrip("0") or "0"
    short = f"-{digits}" if text.startswith("-") else digits
    return short if len(digits) <= 19 and int(short) in _INT64 else None


def _reals(cells: pa.Array) -> pa.Array:
    numbers = pc.cast(_matching(trim(cells), _REAL), pa.float64())
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


def _booleans(cells: pa.Array) -> pa.Array:
    lowered = pc.ascii_lower(trim(cells))
    yes = pc.is_in(lowered, value_set=pa.array(["true", "1"]))
    known = pc.is_in(lowered, value_set=pa.array(["true", "1", "false", "0"]))
    return pc.if_else(known, pc.cast(yes, pa.int64()), pa.scalar(None, pa.int64()))


_DAYS: dict[DataType, Callable[[pa.Array, Dates | None], pa.Array]] = {
    "date": to_dates,
    "timestamp": to_timestamps,
}
_PARSERS: dict[DataType, Callable[[pa.Array], pa.Array]] = {
    "integer": _integers,
    "real": _reals,
    "boolean": _booleans,
    "text": _texts,
}

assert _PARSERS.keys() | _DAYS.keys() == ARROW_TYPES.keys()
