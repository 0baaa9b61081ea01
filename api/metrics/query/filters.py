"""Filters: the operators, which column may have which, and the values they take."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from api.contract import Column, DataType
from api.errors import BadParameter
from api.intake.cells import parse
from api.metrics.query.model import Condition, Operator, Value
from api.wording.untrusted_text import quoted

OPERATORS: dict[Operator, str] = {
    "eq": "equal to the value, or to any of several; as without an operator",
    "ne": "not equal to the value",
    "in": "equal to any of the values, with commas between them as in CSV",
    "gt": "greater than the value",
    "gte": "greater than the value, or equal to it",
    "lt": "less than the value",
    "lte": "less than the value, or equal to it",
    "contains": "contains the text, capitals and all",
    "null": "true: has no value; false: has one",
}
# Of one parameter. SQLite nests what is joined by `or`, and not much deeper than this.
MOST_VALUES = 500
COMPARISONS: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")
SEVERAL: tuple[Operator, ...] = ("eq", "ne")
# Of a list: one in quotes, or as it stands.
LISTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(,|\Z)')

WANTED: dict[DataType, str] = {
    "integer": "a whole number",
    "real": "a number",
    "boolean": "true or false",
    "date": "a date such as 2021-11-07",
    "timestamp": "a date and time such as 2021-11-07T02:48:42Z",
    "text": "a text",
}


def operators_of(column: Column) -> tuple[Operator, ...]:
    """The operators that mean something for the column's type."""
    return tuple(
        operator
        for operator in OPERATORS
        if not (operator == "contains" and column.data_type != "text")
        and not (operator in COMPARISONS and column.data_type == "boolean")
    )


def condition(
    name: str, column: Column, operator: Operator, texts: Sequence[str]
) -> Condition:
    """The condition that a parameter states; raises BadParameter."""
    if len(texts) > 1 and operator not in SEVERAL:
        raise BadParameter(f"{name} is given {len(texts)} times; give it once.")
    if operator == "in":
        return Condition(
            column.name, "eq", values_of(name, column.data_type, _listed(texts[0]))
        )
    if operator == "null":
        return Condition(column.name, "null", (value_of(name, "boolean", texts[0]),))
    return Condition(column.name, operator, values_of(name, column.data_type, texts))


def _listed(text: str) -> list[str]:
    """The values of a list; a comma or a quote of their own stands in quotes."""
    found, at, is_more = [], 0, True
    while is_more and (match := LISTED.match(text, at)):
        inside, plain, comma = match.groups()
        found.append(plain if inside is None else inside.replace('""', '"'))
        at, is_more = match.end(), bool(comma)
    return found


def values_of(
    name: str, data_type: DataType, texts: Sequence[str], other: str = ""
) -> tuple[Value, ...]:
    """Several texts as values, each once; raises BadParameter."""
    different = list(dict.fromkeys(texts))
    if len(different) > MOST_VALUES:
        raise BadParameter(
            f"{name} is given {len(different):,} values; {MOST_VALUES} are the most."
        )
    values = (value_of(name, data_type, text, other) for text in different)
    return tuple(dict.fromkeys(values))


def value_of(name: str, data_type: DataType, text: str, other: str = "") -> Value:
    """The text as a value of the type, as the warehouse holds it.

    `other` is a word that the caller takes as well, to be told in the complaint. Raises
    BadParameter.
    """
    if data_type == "text":
        return text
    # The very rule that lets a cell into the warehouse lets a value into a query.
    value: Value | None = parse(data_type, pa.array([text])).to_pylist()[0]
    if value is None:
        also = f" or {other!r}" if other else ""
        raise BadParameter(
            f"{name} must be {WANTED[data_type]}{also}, not {quoted(text)}"
        )
    return value
