"""Dates and timestamps: text in the forms that people and programs write, to ISO 8601.

Timestamps are returned in UTC, and are in UTC unless they have an offset. Whether
03/04/2021 is in March or in April depends on the caller, see `Dates`.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from api.contract import Dates
from api.contract.data_types import CLOCK, DAY, TIMESTAMP
from api.intake.blanks import trim

# Programs also write a date as its midnight.
_DATE = rf"^{DAY}(?:[Tt ]00:00(?::00(?:\.0{{1,9}})?)?)?$"
_MOMENT = (
    rf"^(?P<day>{DAY})"
    rf"(?:[Tt ](?:(?P<clock>{CLOCK})"
    r"(?::(?P<second>[0-5][0-9])(?P<fraction>\.[0-9]{1,9})?)?"
    r"|(?P<midnight>24:00(?::00(?:\.0{1,9})?)?))"
    r"(?: ?(?:[Zz]|UTC|GMT|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])"
    r":?(?P<minutes>[0-5][0-9])?))?"
    r")?$"
)
# Other spellings of a date; what follows it is the time of day.
_SPELLINGS = (
    r"(?P<year>[0-9]{4})[./-](?P<month>[0-9]{1,2})[./-](?P<day>[0-9]{1,2})",
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
)
_DAY_MONTH = "(?P<{}>[0-9]{{1,2}})[./-](?P<{}>[0-9]{{1,2}})[./-](?P<year>[0-9]{{4}})"
_AMBIGUOUS: dict[Dates, str] = {
    "day_first": _DAY_MONTH.format("day", "month"),
    "month_first": _DAY_MONTH.format("month", "day"),
}
_CLOCKS = (
    ("^([Tt][0-9]{2})([0-9]{2})([0-9]{2})", r"\1:\2:\3"),
    ("^([Tt][0-9]{2})([0-9]{2})", r"\1:\2"),
    ("^([Tt ])([0-9]:)", r"\10\2"),  # RE2 has no group 10
    ("^([Tt ][0-9:]{8}),([0-9])", r"\1.\2"),
)
_HALF_DAY = (
    r"^[Tt ](?P<hour>0[1-9]|1[0-2])(?P<rest>:[0-9:.]+)[ \x{a0}\x{202f}]?"
    r"(?P<half>[AaPp])[Mm](?P<zone>.*)$"
)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_NONE = pa.scalar(None, pa.string())


def to_dates(cells: pa.Array, dates: Dates | None = None) -> pa.Array:
    """The cells as YYYY-MM-DD; null in place of what is no date."""
    return _in_any_spelling(trim(cells), dates, _plain_days)


def to_timestamps(cells: pa.Array, dates: Dates | None = None) -> pa.Array:
    """The cells as YYYY-MM-DDTHH:MM:SS[.ffffff]Z; null in place of no timestamp."""
    canonical = pc.fill_null(pc.match_substring_regex(cells, TIMESTAMP), False)
    if pc.all(canonical).as_py():
        return cells
    other = pc.invert(canonical)
    found = _in_any_spelling(trim(cells.filter(other)), dates, _in_utc)
    return pc.replace_with_mask(cells, other, found)


def _in_any_spelling(
    cells: pa.Array, dates: Dates | None, read: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    """The values that `read` returns, of cells that it cannot read after respelling."""
    values = read(cells)
    unread = pc.and_(pc.is_null(values), pc.is_valid(cells))
    if not pc.any(unread).as_py():
        return values
    spellings = [*_SPELLINGS, *([_AMBIGUOUS[dates]] if dates else [])]
    texts = cells.filter(unread)
    for spelling in spellings:
        texts = _respelled(texts, spelling)
    return pc.replace_with_mask(values, unread, read(texts))


def _respelled(cells: pa.Array, spelling: str) -> pa.Array:
    """The cells, those that begin with a date in this spelling as ISO 8601."""
    found = pc.extract_regex(cells, f"^{spelling}(?:,?(?P<clock>[Tt ].*))?$")
    clock = pc.struct_field(found, "clock")
    for pattern, replacement in _CLOCKS:
        clock = pc.replace_substring_regex(clock, pattern, replacement)
    clock = pc.coalesce(_in_24_hours(clock), clock)
    day = pc.binary_join_element_wise(
        pc.struct_field(found, "year"),
        pc.utf8_lpad(pc.struct_field(found, "month"), 2, "0"),
        pc.utf8_lpad(pc.struct_field(found, "day"), 2, "0"),
        "-",
    )
    return pc.coalesce(pc.binary_join_element_wise(day, clock, ""), cells)


def _in_24_hours(clock: pa.Array) -> pa.Array:
    """Times with AM or PM in 24-hour form; null in place of the others."""
    found = pc.extract_regex(clock, _HALF_DAY)
    names = ("hour", "rest", "half", "zone")
    hour, rest, half, zone = (pc.struct_field(found, name) for name in names)
    # 12 AM is midnight, 12 PM noon.
    after = pc.multiply(pc.cast(pc.equal(pc.ascii_upper(half), "P"), pa.int64()), 12)
    twelfths = pc.cast(hour, pa.int64())
    hours = pc.add(pc.if_else(pc.equal(twelfths, 12), 0, twelfths), after)
    text = pc.utf8_lpad(pc.cast(hours, pa.string()), 2, "0")
    return pc.binary_join_element_wise(" ", text, rest, zone, "")


def _plain_days(cells: pa.Array) -> pa.Array:
    day = pc.utf8_slice_codeunits(cells, 0, len("2021-11-07"))
    return pc.if_else(pc.match_substring_regex(cells, _DATE), day, _NONE)


def _in_utc(cells: pa.Array) -> pa.Array:
    """Timestamps that begin with an ISO 8601 date, in UTC; null for the rest."""
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
    # 24:00 is the end of its day.
    ended = pc.not_equal(part("midnight", ""), "")
    offset = pc.subtract(offset, pc.if_else(ended, 86_400, 0))
    local = pc.binary_join_element_wise(
        pc.binary_join_element_wise(part("day", ""), part("clock", "00:00"), "T"),
        part("second", "00"),
        ":",
    )
    seconds = pc.cast(pc.cast(local, pa.timestamp("s")), pa.int64())
    shifted = _utc_text(pc.subtract(seconds, offset))
    microseconds = pc.utf8_slice_codeunits(part("fraction", ""), 0, len(".123456"))
    fraction = pc.utf8_rtrim(microseconds, "0.")
    return pc.binary_join_element_wise(shifted, fraction, "Z", "")


def _utc_text(seconds: pa.Array) -> pa.Array:
    """Seconds since 1970 as YYYY-MM-DDTHH:MM:SS; null outside the years 1 to 9999."""
    within = pc.and_(
        pc.greater_equal(seconds, _FIRST_SECOND), pc.less_equal(seconds, _LAST_SECOND)
    )
    kept = pc.if_else(within, seconds, pa.scalar(None, pa.int64()))
    text = pc.cast(pc.cast(kept, pa.timestamp("s")), pa.string())
    return pc.utf8_replace_slice(text, start=10, stop=11, replacement="T")
