"""Filters: the operators that a column may have, and the values that they take."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from api.contract import Column, DataType
from api.contract.data_types import DATA_TYPES
from api.errors import BadParameter
from api.intake.cells import parse
from api.metrics.operators import OPERATORS
from api.metrics.query import Condition, OperatorName, Value
from api.wording import quoted

# Of one parameter. SQLite nests conditions joined by `or`, not much deeper than this.
MOST_VALUES = 500
# One value of a list, quoted or plain.
LISTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(,|\Z)')


def operators_of(column: Column) -> tuple[OperatorName, ...]:
    """The operators that mean something for the column's type."""
    return tuple(n for n, op in OPERATORS.items() if op.compares(column.data_type))


def single_value(name: str, texts: Sequence[str]) -> str | None:
    """The one value of a parameter, if it is given; raises BadParameter for more."""
    if len(texts) > 1:
        raise BadParameter(f"{name} is given {len(texts)} times; give it once.")
    return texts[0] if texts else None


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """The value of a parameter that counts something; raises BadParameter."""
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not digits or not least <= int(text) <= most:
        raise BadParameter(
            f"{name} must be a whole number from {least} to {most}, not {quoted(text)}"
        )
    return int(text)


def condition(
    name: str, column: Column, operator: OperatorName, texts: Sequence[str]
) -> Condition:
    """The condition that a parameter states; raises BadParameter."""
    rule = OPERATORS[operator]
    if not rule.is_repeated:
        single_value(name, texts)
    if rule.reads == "list":
        values = values_of(name, column.data_type, _listed(texts[0]))
        return Condition(column.name, "eq", values)
    data_type = "boolean" if rule.reads == "boolean" else column.data_type
    return Condition(column.name, operator, values_of(name, data_type, texts))


def _listed(text: str) -> list[str]:
    """The values of a list; one with a comma or a quote in it is quoted, as in CSV."""
    values, at, is_more = [], 0, True
    while is_more and (match := LISTED.match(text, at)):
        inside, plain, comma = match.groups()
        values.append(plain if inside is None else inside.replace('""', '"'))
        at, is_more = match.end(), bool(comma)
    return values


def values_of(
    name: str, data_type: DataType, texts: Sequence[str], other: str = ""
) -> tuple[Value, ...]:
    """The texts as values, each once; raises BadParameter.

    `other` is a word that the caller takes as well, to be named in the error.
    """
    different = list(dict.fromkeys(texts))
    if len(different) > MOST_VALUES:
        raise BadParameter(
            f"{name} is given {len(different):,} values; {MOST_VALUES} are the most."
        )
    values = (_value(name, data_type, text, other) for text in different)
    return tuple(dict.fromkeys(values))


def _value(name: str, data_type: DataType, text: str, other: str) -> Value:
    """The text as a value of the type, as the warehouse stores it."""
    if data_type == "text":
        return text
    # The parser of uploaded cells: a query takes the spellings that an upload takes.
    value: Value | None = parse(data_type, pa.array([text])).to_pylist()[0]
    if value is None:
        also = f" or {other!r}" if other else ""
        raise BadParameter(
            f"{name} must be {DATA_TYPES[data_type].expected}{also}, not {quoted(text)}"
        )
    return value
