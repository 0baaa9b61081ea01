"""The type rules of a single cell: what is let in, as what, and what is told else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.contract.values import Column, DataType
from api.intake.cells import check
from api.intake.rows import ARROW_TYPES


def judge(data_type: DataType, text: str, **more: object) -> object:
    """The value of a good cell, the code of a bad one."""
    column = Column("x", data_type, "", **{"required": True, **more})
    values, defects = check(column, pa.array([text]))
    assert values.type == ARROW_TYPES[data_type]
    return defects[0][1].code if defects else values[0].as_py()


def message(data_type: DataType, text: str, **more: object) -> str:
    column = Column("x", data_type, "", **{"required": True, **more})
    return check(column, pa.array([text]))[1][0][1].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        (" 7\t", 7),
        ("-7", -7),
        ("-0", 0),
        ("007", 7),
        ("0" * 40 + "7", 7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", "integer_out_of_range"),
        ("-9223372036854775809", "integer_out_of_range"),
        ("9" * 30, "integer_out_of_range"),
        ("9" * 5000, "integer_out_of_range"),
        *((text, "not_an_integer") for text in ("1.05", "1.5", "+5", "1e3", "0x1F")),
        *((text, "not_an_integer") for text in ("٣", "1 2", "1_000", "-", "--1", "²")),
        # A thousand, in some countries; in no country with four digits before the dot.
        *((text, "not_an_integer") for text in ("1.000", "-120.000", " 12.000 ")),
        ("1234.000", 1234),
        ("", "missing_value"),
        ("   ", "missing_value"),
    ],
)
def test_integer(text: str, expected: object) -> None:
    assert judge("integer", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        (" -1.50 ", -1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("1e+22", 1e22),
        *((text, "not_a_number") for text in ("nan", "inf", "-Infinity", "1e999")),
        *((text, "not_a_number") for text in ("0x1p3", "1,5", ".", "e5", "abc", "+1")),
        ("", "missing_value"),
    ],
)
def test_real(text: str, expected: object) -> None:
    assert judge("real", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, 1) for text in ("true", "TRUE", "True", "1", " true ")),
        *((text, 0) for text in ("false", "FALSE", "0")),
        *((text, "not_a_boolean") for text in ("yes", "2", "t", "01", "1.0")),
        ("", "missing_value"),
    ],
)
def test_boolean(text: str, expected: object) -> None:
    assert judge("boolean", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-11-07", "2021-11-07"),
        (" 2021-11-07 ", "2021-11-07"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("2020-02-29", "2020-02-29"),
        ("20211107", "2021-11-07"),
        ("2021/11/7", "2021-11-07"),
        *(
            (f"2021-11-07{midnight}", "2021-11-07")
            for midnight in (" 00:00:00", "T00:00:00", "T00:00", " 00:00:00.000")
        ),
        ("2021/11/7 0:00", "2021-11-07"),
        ("2021-11-07 00:00:01", "not_a_date"),
        ("2021-11-07T00:00:00.001", "not_a_date"),
        ("2000-02-29", "2000-02-29"),
        *((f"{year}-02-29", "not_a_date") for year in ("2021", "1900", "0000")),
        *((text, "not_a_date") for text in ("2021-02-30", "2021-04-31", "2021-13-01")),
        *((text, "not_a_date") for text in ("0000-01-01", "10000-01-01", "2021117")),
        *((text, "not_a_date") for text in ("7/11/2021", "21-1-7", "2021-11-07\n1")),
        *((text, "2021-01-07") for text in ("2021-1-7", "2021.01.07")),
        ("2021-11-07T00:00:00Z", "not_a_date"),
        ("", "missing_value"),
    ],
)
def test_date(text: str, expected: object) -> None:
    assert judge("date", text) == expected


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
@settings(max_examples=400)
def test_date_pattern_agrees_with_the_calendar(year: int, month: int, day: int) -> None:
    try:
        datetime(year, month, day)
        exists = True
    except ValueError:
        exists = False
    text = f"{year:04}-{month:02}-{day:02}"
    assert judge("date", text) == (text if exists else "not_a_date")


def test_leap_days_of_every_year_agree_with_the_calendar() -> None:
    texts = [f"{year:04}-02-29" for year in range(10_000)]
    values, _ = check(Column("x", "date", "", True), pa.array(texts))
    leap = [y for y in range(1, 10_000) if y % 4 == 0 and (y % 100 or y % 400 == 0)]
    assert values.drop_null().to_pylist() == [f"{year:04}-02-29" for year in leap]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-11-07T02:48:42Z", "2021-11-07T02:48:42Z"),
        (" 2021-11-07T02:48:42Z ", "2021-11-07T02:48:42Z"),
        ("2021-11-07t02:48:42z", "2021-11-07T02:48:42Z"),
        ("2021-11-07 02:48:42", "2021-11-07T02:48:42Z"),
        ("2021-11-07T02:48", "2021-11-07T02:48:00Z"),
        ("2021-11-07T02:48Z", "2021-11-07T02:48:00Z"),
        ("2021-11-07", "2021-11-07T00:00:00Z"),
        ("2021-11-07T02:48:42.5Z", "2021-11-07T02:48:42.5Z"),
        ("2021-11-07T02:48:42.500000", "2021-11-07T02:48:42.5Z"),
        ("2021-11-07T02:48:42.050+00:00", "2021-11-07T02:48:42.05Z"),
        ("2021-11-07T02:48:42.000Z", "2021-11-07T02:48:42Z"),
        ("2021-11-07T02:48:42+02:00", "2021-11-07T00:48:42Z"),
        ("2021-11-07T02:48:42+0530", "2021-11-06T21:18:42Z"),
        ("2021-11-07T02:48:42-03", "2021-11-07T05:48:42Z"),
        ("2020-12-31T23:59:59-00:01", "2021-01-01T00:00:59Z"),
        ("2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00+00:01", "not_a_timestamp"),
        ("9999-12-31T23:59:59-00:01", "not_a_timestamp"),
        *((f"2021-{day}T00:00:00Z", "not_a_timestamp") for day in ("02-30", "13-01")),
        *((f"2021-11-07T{t}Z", "not_a_timestamp") for t in ("24:00:01", "23:60:00")),
        *((f"2021-11-07T{t}Z", "not_a_timestamp") for t in ("23:59:60", "24:01")),
        *((f"2021-11-07T02:48{z}", "not_a_timestamp") for z in ("+24:00", "+1", "CET")),
        *((f"{year}-01-01T00:00:00Z", "not_a_timestamp") for year in ("0000", "10000")),
        ("2021-11-07T02:48:42.1234567890Z", "not_a_timestamp"),
        ("2021-11-07T02:48:42.1234567Z", "2021-11-07T02:48:42.123456Z"),
        ("2021-11-07 02:48:42.000000000", "2021-11-07T02:48:42Z"),
        ("2021-11-07 02:48:42 UTC", "2021-11-07T02:48:42Z"),
        ("2021-11-07 02:48:42.5 +0100", "2021-11-07T01:48:42.5Z"),
        ("2021-11-07T02:48:42 Z", "2021-11-07T02:48:42Z"),
        ("20211107T024842Z", "2021-11-07T02:48:42Z"),
        ("20211107T024842.5+01", "2021-11-07T01:48:42.5Z"),
        ("20211107T0248", "2021-11-07T02:48:00Z"),
        ("20211107", "2021-11-07T00:00:00Z"),
        ("2021/11/07", "2021-11-07T00:00:00Z"),
        ("2021/1/7 2:48", "2021-01-07T02:48:00Z"),
        ("2021-1-7 2:48 PM", "2021-01-07T14:48:00Z"),
        ("2021-01-07, 12:48:01 am", "2021-01-07T00:48:01Z"),
        ("2021-01-07 12:48\u202fPM +01:00", "2021-01-07T11:48:00Z"),
        ("2021-01-07 13:48 PM", "not_a_timestamp"),
        ("2021-01-07 0:48 AM", "not_a_timestamp"),
        ("2021-11-07 02:48:42 GMT", "2021-11-07T02:48:42Z"),
        ("2021-11-07T02:48:42,5Z", "2021-11-07T02:48:42.5Z"),
        ("2021-11-07,", "not_a_timestamp"),
        ("2021-12-31T24:00:00Z", "2022-01-01T00:00:00Z"),
        ("2021-12-31 24:00+01:00", "2021-12-31T23:00:00Z"),
        ("9999-12-31T24:00:00Z", "not_a_timestamp"),
        ("2021/02/30", "not_a_timestamp"),
        ("20210230T000000", "not_a_timestamp"),
        ("07/11/2021", "not_a_timestamp"),
        ("2021-11-07T02:48:42.Z", "not_a_timestamp"),
        ("2021-11-07T", "not_a_timestamp"),
        ("2021-11-07Z", "not_a_timestamp"),
        ("1636253322", "not_a_timestamp"),
        ("", "missing_value"),
    ],
)
def test_timestamp(text: str, expected: object) -> None:
    assert judge("timestamp", text) == expected


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from(["T", " "]),
)
def test_timestamp_agrees_with_pythons_datetime(
    moment: datetime, minutes: int, between: str
) -> None:
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    utc = local.astimezone(UTC)
    second = f"{utc:%S}.{utc.microsecond:06}".rstrip("0").rstrip(".")
    second = second.ljust(2, "0") if "." not in second else second
    day = f"{utc.year:04}-{utc.month:02}-{utc.day:02}"
    expected = f"{day}T{utc.hour:02}:{utc.minute:02}:{second}Z"
    assert judge("timestamp", local.isoformat(between)) == expected


def test_a_column_may_mix_all_forms_of_timestamps() -> None:
    texts = ["2021-01-01", "2021-01-01T00:00:00Z", "soon", "2021-01-01 01:00+01"]
    values, defects = check(Column("x", "timestamp", "", True), pa.array(texts))
    midnight = "2021-01-01T00:00:00Z"
    assert values.to_pylist() == [midnight, midnight, None, midnight]
    assert [row for row, _ in defects] == [2]


@pytest.mark.parametrize("data_type", list(ARROW_TYPES))
def test_empty_optional_cell_is_null(data_type: DataType) -> None:
    assert judge(data_type, "", required=False) is None
    assert judge(data_type, "  ", required=False) is None


@pytest.mark.parametrize("data_type", list(ARROW_TYPES))
def test_a_column_without_cells_has_no_defects(data_type: DataType) -> None:
    values, defects = check(Column("x", data_type, ""), pa.array([], pa.string()))
    assert (len(values), values.type, defects) == (0, ARROW_TYPES[data_type], [])


@pytest.mark.parametrize("data_type", list(ARROW_TYPES))
def test_a_null_cell_has_been_judged_before(data_type: DataType) -> None:
    column = Column("x", data_type, "", required=True)
    values, defects = check(column, pa.array([None, "\x7f"], pa.string()))
    assert values[0].as_py() is None
    assert 0 not in [row for row, _ in defects]


@pytest.mark.parametrize(
    ("data_type", "accepted", "text", "expected"),
    [
        ("text", ("a", "b"), " a ", "a"),
        ("text", ("a", "b"), "A", "not_accepted"),
        ("integer", ("1", "2"), "01", 1),
        ("integer", ("1", "2"), "3", "not_accepted"),
        ("integer", ("1", "2"), "x", "not_an_integer"),
        ("boolean", ("true",), "1", 1),
        ("boolean", ("true",), "false", "not_accepted"),
        ("text", ("a", "b"), "", "missing_value"),
    ],
)
def test_accepted_values_are_compared_as_values(
    data_type: DataType, accepted: tuple[str, ...], text: str, expected: object
) -> None:
    assert judge(data_type, text, accepted_values=accepted) == expected


def test_empty_optional_cell_need_not_be_an_accepted_value() -> None:
    assert judge("text", "", required=False, accepted_values=("a",)) is None


@pytest.mark.parametrize("data_type", list(ARROW_TYPES))
def test_quote_after_a_space_is_told_to_be_a_stray_quote(data_type: DataType) -> None:
    assert judge(data_type, ' "Ann"') == "stray_quote"
    assert judge("text", '"Ann"') == '"Ann"'


@pytest.mark.parametrize(
    ("data_type", "text", "part"),
    [
        ("integer", "", "x is required but empty"),
        ("integer", "12a", "x must be a whole number, not '12a'"),
        ("integer", "9" * 99, "x is too large to be stored: '9999"),
        ("text", ' "Ann"', "remove the space between the comma and the quote"),
        ("date", "2021-02-30", "'2021-02-30' is not a day of the calendar"),
        ("date", "2021-02-28T00:01", "must be a date such as 2021-11-07"),
        ("timestamp", "2021-02-30T10:00", "'2021-02-30' is not a day of the calendar"),
        ("timestamp", "2021-12-31T23:59:60Z", "leap seconds cannot be stored"),
        ("timestamp", "2021-12-31T24:30:00Z", "hour must be 00 to 23, not 24"),
        ("timestamp", "2021-12-31T10:00+25", "offset's hour must be 00 to 23, not 25"),
        ("timestamp", "2021-12-31T10:00:00.1234567890", "at most 9 decimals, not 10"),
        ("timestamp", "9999-12-31T23:00-02", "outside the years 0001 to 9999"),
        ("timestamp", "soon", "a date and time such as 2021-11-07T02:48:42Z"),
    ],
)
def test_message_tells_how_to_mend(data_type: DataType, text: str, part: str) -> None:
    assert part in message(data_type, text)


def test_message_of_an_unlisted_value_lists_the_accepted_ones() -> None:
    told = message("text", "c", accepted_values=("a", "b"))
    assert told == "x must be one of a, b, not 'c'"


def test_message_shows_a_long_value_shortened_and_escaped() -> None:
    told = message("integer", "a\n" + "b" * 500)
    assert len(told) < 120
    assert "'a\\nb" in told
