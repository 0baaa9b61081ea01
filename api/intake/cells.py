"""The type rules: text cells to typed values, a whole column at a time.

No row, file or request is known here. What a refused cell is told is in `reasons`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from api.contract.model import Column, DataType
from api.intake.blanks import trim
from api.intake.reasons import not_accepted, refused
from api.intake.rows import ARROW_TYPES, Defect

# Calendar days as one RE2 pattern, so that a clean column costs a single pass.
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_FOURTH = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEAR = f"(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)"
_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DAY = f"(?:{_YEAR}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

_DATE = f"^{_DAY}$"
_CANONICAL = rf"^{_DAY}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{0,5}}[1-9])?Z$"
_MOMENT = (
    rf"^(?P<day>{_DAY})(?:[Tt ](?P<clock>{_CLOCK})"
    r"(?::(?P<second>[0-5][0-9])(?P<fraction>\.[0-9]{1,6})?)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):?(?P<minutes>[0-5][0-9])?)?"
    r")?$"
)
_INTEGER = r"^-?[0-9]+(?:\.0*)?$"
_REAL = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"

# Every number of this many characters fits an int64 without looking.
_SURE_DIGITS = 18
_INT64 = range(-(2**63), 2**63)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_NO_TEXT = pa.scalar(None, pa.string())


def check(column: Column, cells: pa.Array) -> tuple[pa.Array, list[tuple[int, Defect]]]:
    """The column's values, and the defects by row, in row order.

    A null cell has been judged before and gets no defect. The value of a cell with a
    defect is unspecified.
    """
    values = parse(column.data_type, cells)
    defects = _refusals(column, cells, values) if values.null_count else []
    if column.accepted_values:
        defects += _unlisted(column, cells, values)
    return values, defects


def parse(data_type: DataType, cells: pa.Array) -> pa.Array:
    """Text to values of the type; null where a cell is empty or no such value."""
    return _PARSERS[data_type](cells)


def _refusals(
    column: Column, cells: pa.Array, values: pa.Array
) -> list[tuple[int, Defect]]:
    suspect = pc.and_(pc.is_null(values), pc.is_valid(cells))
    if not column.required:
        suspect = pc.and_(suspect, pc.not_equal(trim(cells), ""))
    return _told(cells, suspect, partial(refused, column))


def _unlisted(
    column: Column, cells: pa.Array, values: pa.Array
) -> list[tuple[int, Defect]]:
    # The contract's own words go through the same parser: 07 is 7, and TRUE is true.
    listed = parse(column.data_type, pa.array(column.accepted_values, pa.string()))
    outside = pc.invert(pc.is_in(values, value_set=listed))
    outside = pc.and_(outside, pc.is_valid(values))
    return _told(cells, outside, partial(not_accepted, column))


def _told(
    cells: pa.Array, mask: pa.Array, why: Callable[[str, str], Defect]
) -> list[tuple[int, Defect]]:
    """What is said of the cells in the mask; equal cells share one defect."""
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
        # `1, "Ann"`: the space makes the quotes part of the text, never meant so.
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
        # What pandas writes beside a gap: 8.0.
        cells = pc.replace_substring_regex(cells, r"\..*", "")
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    if longest > _SURE_DIGITS:
        cells = _within_int64(cells)
    # Arrow's own cast would also take 0x1F, hence the pattern before it.
    return pc.cast(cells, pa.int64())


def _within_int64(cells: pa.Array) -> pa.Array:
    """Null in place of the whole numbers that no int64 can hold."""
    long = pc.greater(pc.binary_length(cells), _SURE_DIGITS)
    rows = pc.indices_nonzero(long)
    kept = [_shortened(text) for text in cells.take(rows).to_pylist()]
    mask = pc.fill_null(long, False)
    return pc.replace_with_mask(cells, mask, pa.array(kept, pa.string()))


def _shortened(text: str) -> str | None:
    """Without zeros in front, which int() counts; None where it is too large."""
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


def _dates(cells: pa.Array) -> pa.Array:
    return _matching(trim(cells), _DATE)


def _timestamps(cells: pa.Array) -> pa.Array:
    canonical = pc.fill_null(pc.match_substring_regex(cells, _CANONICAL), False)
    if pc.all(canonical).as_py():
        return cells
    other = pc.invert(canonical)
    return pc.replace_with_mask(cells, other, _in_utc(trim(cells.filter(other))))


def _in_utc(cells: pa.Array) -> pa.Array:
    """Timestamps of any accepted form as canonical UTC text; null for the rest."""
    found = pc.extract_regex(cells, _MOMENT)

    def part(name: str, absent: str) -> pa.Array:
        text = pc.struct_field(found, name)
        return pc.if_else(pc.equal(text, ""), absent, text)

    ahead = pc.add(
        pc.multiply(pc.cast(part("hours", "0"), pa.int64()), 3600),
        pc.multiply(pc.cast(part("minutes", "0"), pa.int64()), 60),
    )
    behind = pc.equal(part("sign", "+"), "-")
    offset = pc.if_else(behind, pc.negate(ahead), ahead)
    local = pc.binary_join_element_wise(
        pc.binary_join_element_wise(part("day", ""), part("clock", "00:00"), "T"),
        part("second", "00"),
        ":",
    )
    seconds = pc.cast(pc.cast(local, pa.timestamp("s")), pa.int64())
    shifted = _utc_text(pc.subtract(seconds, offset))
    fraction = pc.utf8_rtrim(part("fraction", ""), "0.")
    return pc.binary_join_element_wise(shifted, fraction, "Z", "")


def _utc_text(seconds: pa.Array) -> pa.Array:
    """Seconds since 1970 as YYYY-MM-DDTHH:MM:SS; null outside the years 1 to 9999."""
    within = pc.and_(
        pc.greater_equal(seconds, _FIRST_SECOND), pc.less_equal(seconds, _LAST_SECOND)
    )
    kept = pc.if_else(within, seconds, pa.scalar(None, pa.int64()))
    text = pc.cast(pc.cast(kept, pa.timestamp("s")), pa.string())
    return pc.utf8_replace_slice(text, start=10, stop=11, replacement="T")


_PARSERS: dict[DataType, Callable[[pa.Array], pa.Array]] = {
    "integer": _integers,
    "real": _reals,
    "boolean": _booleans,
    "date": _dates,
    "timestamp": _timestamps,
    "text": _texts,
}

assert _PARSERS.keys() == ARROW_TYPES.keys()
