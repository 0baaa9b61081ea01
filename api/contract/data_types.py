"""The data types of columns: one table of what each type means in every format.

Engines define how they store a type; `intake.cells` parses the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api.contract.values import DataType, MeasureType

# Stored dates and timestamps, as patterns of the whole text. They use only what RE2 and
# PostgreSQL read alike.
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_FOURTH = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEAR = f"(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)"
_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
# All calendar days in one pattern, so that a clean column takes a single pass.
DAY = f"(?:{_YEAR}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

DATE = f"^{DAY}$"
TIMESTAMP = rf"^{DAY}T{CLOCK}:[0-5][0-9](?:\.[0-9]{{0,5}}[1-9])?Z$"

INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}


@dataclass(frozen=True)
class DataTypeTraits:
    """What a data type means.

    `expected` completes "must be" in the message of a reject, whose code is `code`;
    `expected_in_mart` does so for a mart's values. `read` parses a text, or raises
    ValueError or KeyError; `defaults` are the Python types of a default in YAML.
    `stored` and `served` name the Arrow types of uploaded rows and of marts.
    `json_schema`, `avro` and `measure` (Vega-Lite) are the types of those formats.
    """

    expected: str
    code: str
    read: Callable[[str], object]
    defaults: tuple[type, ...]
    stored: str
    served: str
    json_schema: Mapping[str, Any]
    avro: Any
    measure: MeasureType
    expected_in_mart: str | None = None


def _boolean(text: str) -> int:
    return {"true": 1, "false": 0, "1": 1, "0": 0}[text.lower()]


DATA_TYPES: dict[DataType, DataTypeTraits] = {
    "integer": DataTypeTraits(
        expected="a whole number",
        code="not_an_integer",
        read=int,
        defaults=(int,),
        stored="int64",
        served="int64",
        json_schema={"type": "integer", "format": "int64", **INT64},
        avro="long",
        measure="quantitative",
    ),
    "real": DataTypeTraits(
        expected="a number such as 12.5",
        code="not_a_number",
        read=float,
        defaults=(int, float),
        stored="double",
        served="double",
        json_schema={"type": "number", "format": "double"},
        avro="double",
        measure="quantitative",
        expected_in_mart="a number, and not beyond the largest",
    ),
    "boolean": DataTypeTraits(
        expected="true or false",
        code="not_a_boolean",
        read=_boolean,
        defaults=(bool,),
        # SQLite has no boolean type.
        stored="int64",
        served="bool",
        json_schema={"type": "boolean"},
        avro="boolean",
        measure="nominal",
        expected_in_mart="true or false, which are 1 and 0 where there are no others",
    ),
    "text": DataTypeTraits(
        expected="text in quotes",
        code="not_text",
        read=str,
        defaults=(str,),
        stored="string",
        served="string",
        json_schema={"type": "string"},
        avro="string",
        measure="nominal",
    ),
    # Dates and timestamps are ISO 8601 text, the latter in UTC.
    "date": DataTypeTraits(
        expected="a date such as 2021-11-07",
        code="not_a_date",
        read=date.fromisoformat,
        defaults=(date, str),
        stored="string",
        served="string",
        json_schema={"type": "string", "format": "date"},
        avro={"type": "int", "logicalType": "date"},
        measure="temporal",
        expected_in_mart="a date such as 2021-11-07",
    ),
    "timestamp": DataTypeTraits(
        expected="a date and time such as 2021-11-07T02:48:42Z",
        code="not_a_timestamp",
        read=datetime.fromisoformat,
        defaults=(date, datetime, str),
        stored="string",
        served="string",
        json_schema={"type": "string", "format": "date-time"},
        avro={"type": "long", "logicalType": "timestamp-micros"},
        measure="temporal",
        expected_in_mart="a time in UTC such as 2021-11-07T02:48:42Z,"
        " as utc_timestamp() gives",
    ),
}
