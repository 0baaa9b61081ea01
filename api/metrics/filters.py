"""Filters: which column may have which operators, and the values they take."""

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

# Of one parameter. SQLite nests what is joined by `or`, and not much deeper than this.
MOST_VALUES = 500
# Of a list: one in quotes, or as it stands.
LISTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(,|\Z)')


def operators_of(column: Column) -> tuple[OperatorName, ...]:
    """The operators that mean something for the column's type."""
    return tuple(n for n, op in OPERATORS.items() if op.compares(column.data_type))


def condition(
    name: str, column: Column, operator: OperatorName, texts: Sequence[str]
) -> Condition:
    """The condition that a parameter states; raises BadParameter."""
    how = OPERATORS[operator]
    if len(texts) > 1 and not how.is_repeated:
        raise BadParameter(f"{name} is given {len(texts)} times; give it once.")
    if how.reads == "list":
        # The same as one value after another.
        return Condition(
            column.name, "eq", values_of(name, column.data_type, _listed(texts[0]))
        )
    data_type = "boolean" if how.reads == "boolean" else column.data_type
    return Condition(column.name, operator, values_of(name, data_type, texts))


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
            f"{name} must be {DATA_TYPES[data_type].expected}{also}, not {quoted(text)}"
        )
    return value
