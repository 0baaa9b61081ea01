"""The operators of filters: one table of how each is written, parsed, run and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from api.contract import DataType
from api.metrics.query import OperatorName

ORDERED: tuple[DataType, ...] = ("integer", "real", "text", "date", "timestamp")


@dataclass(frozen=True)
class Operator:
    """`column__NAME=value` in a request, NAME being its key in `OPERATORS`.

    `meaning` completes the sentence "keeps rows whose value is". `sql` compares a
    column, {column} as it sorts and {name} as it is stored, with one {value}; several
    values are compared one by one, with `joint` in between. {position} is the engine's
    function that finds a text in another. `takes` are the data types of columns that it
    compares; `reads` is what the parameter holds (a false boolean negates the SQL), and
    `is_repeated` whether it may be given several times. `sign` precedes the values on a
    chart.
    """

    meaning: str
    sql: str
    sign: str
    takes: tuple[DataType, ...] | None = None
    reads: Literal["value", "list", "boolean"] = "value"
    is_repeated: bool = False
    joint: str = " or "

    def compares(self, data_type: DataType) -> bool:
        """Whether it applies to a column of the type."""
        return self.takes is None or data_type in self.takes


OPERATORS: dict[OperatorName, Operator] = {
    "eq": Operator(
        "equal to the value, or to any of several; as without an operator",
        "{column} = {value}",
        sign="",
        is_repeated=True,
    ),
    "ne": Operator(
        "not equal to the value",
        "{column} <> {value}",
        sign="not ",
        is_repeated=True,
        joint=" and ",
    ),
    "in": Operator(
        "equal to any of the values, with commas between them as in CSV",
        "{column} = {value}",
        sign="",
        reads="list",
    ),
    "gt": Operator("greater than the value", "{column} > {value}", "> ", ORDERED),
    "gte": Operator(
        "greater than the value, or equal to it", "{column} >= {value}", "≥ ", ORDERED
    ),
    "lt": Operator("less than the value", "{column} < {value}", "< ", ORDERED),
    "lte": Operator(
        "less than the value, or equal to it", "{column} <= {value}", "≤ ", ORDERED
    ),
    "contains": Operator(
        "contains the text, capitals and all",
        "{position}({name}, ?) > 0",
        sign="contains ",
        takes=("text",),
    ),
    "null": Operator(
        "true: has no value; false: has one",
        "{name} is null",
        sign="",
        reads="boolean",
    ),
}
