"""The defects of rejected rows: their codes, and messages that say how to mend a cell.

Only wording: `cells` decides which cells are invalid.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from api.contract import Column
from api.contract.data_types import DATA_TYPES
from api.intake.rows import Defect
from api.wording import quoted

# Every code that a reject can have, as documented.
DEFECT_CODES = {
    "missing_value": "a required cell is empty",
    "not_an_integer": "not a whole number",
    "integer_out_of_range": "a whole number that 64 bits cannot hold",
    "not_a_number": "not a number",
    "not_a_boolean": "neither true nor false",
    "not_a_date": "not a day of the calendar as YYYY-MM-DD",
    "not_a_timestamp": "not an ISO 8601 date and time",
    "not_text": "a value of JSON that is no text",
    "not_accepted": "none of the values that the contract lists",
    "wrong_width": "more or fewer cells than columns",
    "stray_quote": "a double quote that does not close its cell, or does not open one",
    "repeated_id": "the same key stands earlier in the file",
    "not_a_row": "neither an array nor an object",
    "unknown_column": "a name that is no column",
}

_INTEGER = re.compile(r"-?[0-9]+(?:\.0*)?")
# In some countries 1.000 is a thousand, and no cell shows whether it is.
THOUSANDS = r"-?[0-9]{1,3}\.000"
_MOMENT = re.compile(
    r"(?P<day>(?P<year>[0-9]{4})-[0-9]{2}-[0-9]{2})"
    r"(?P<clock>[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?:[Zz]|[+-](?P<ahead>[0-9]{2})(?::?(?P<past>[0-9]{2}))?)?)?"
)


def missing_value(column: Column) -> Defect:
    message = f"{column.name} is required but empty"
    return Defect(column.name, "missing_value", message)


def defect_of(column: Column, raw: str, trimmed: str) -> Defect:
    """The defect of an invalid cell; `trimmed` is `raw` without blanks at its ends."""
    if not trimmed or trimmed in column.missing_values:
        return missing_value(column)
    if trimmed.startswith('"') and not raw.startswith('"'):
        message = (
            f"{column.name}: remove the space between the comma and the quote in "
            f"{quoted(raw)}"
        )
        return Defect(column.name, "stray_quote", message)
    if column.data_type == "integer" and re.fullmatch(THOUSANDS, trimmed):
        one, thousand = trimmed.removesuffix(".000"), trimmed.replace(".", "")
        message = (
            f"{column.name}: {quoted(trimmed)} may be {one} or {thousand}: write it"
            " without a dot"
        )
        return Defect(column.name, "not_an_integer", message)
    if column.data_type == "integer" and _INTEGER.fullmatch(trimmed):
        message = f"{column.name} is too large to be stored: {quoted(trimmed)}"
        return Defect(column.name, "integer_out_of_range", message)
    return mismatch(column, trimmed)


def mismatch(column: Column, text: str) -> Defect:
    """A text that is no value of the column's type; names the wrong part if it can."""
    data_type = DATA_TYPES[column.data_type]
    code, expected = data_type.code, data_type.expected
    message = f"{column.name} must be {expected}, not {quoted(text)}{_digit_hint(text)}"
    part = _wrong_part(text) if column.data_type in ("date", "timestamp") else ""
    if part and (column.data_type == "timestamp" or len(text) == len("2021-11-07")):
        message = f"{column.name}: {part}"
    return Defect(column.name, code, message)


def not_accepted(column: Column, _raw: str, trimmed: str) -> Defect:
    choices = ", ".join(column.accepted_values)
    message = f"{column.name} must be one of {choices}, not {quoted(trimmed)}"
    return Defect(column.name, "not_accepted", message)


def _digit_hint(text: str) -> str:
    """A hint at digits that are not ASCII."""
    odd = [sign for sign in text if sign.isdigit() and not sign.isascii()]
    if not odd:
        return ""
    is_wide = unicodedata.east_asian_width(odd[0]) == "F"
    kind = "full-width digit" if is_wide else "digit of another script"
    return f", in which {odd[0]} is a {kind}"


def _wrong_part(text: str) -> str:
    """The invalid part of a date or timestamp; "" if the text has another form."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return ""
    if not _is_day(found["day"]):
        return f"{quoted(found['day'])} is not a day of the calendar"
    if found["second"] == "60":
        return f"leap seconds cannot be stored, mend {quoted(text)} to second 59"
    limits = {"hour": 23, "minute": 59, "second": 59, "ahead": 23, "past": 59}
    names = {"ahead": "offset's hour", "past": "offset's minute"}
    for part, most in limits.items():
        if int(found[part] or 0) > most:
            called = names.get(part, part)
            return f"the {called} must be 00 to {most}, not {found[part]}"
    if len(found["fraction"] or "") > 9:
        return f"a second has at most 9 decimals, not {len(found['fraction'])}"
    return f"{quoted(text)} in UTC falls outside the years 0001 to 9999"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
