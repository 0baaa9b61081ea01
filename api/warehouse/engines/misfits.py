"""Values of a mart that are not of the types that its contract promises.

Where a database stores dates and timestamps as text, it accepts any text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from api.warehouse.engines.names import quoted
from api.warehouse.schema import Run

# The largest number; engines have different names for those beyond.
LARGEST = "1.7976931348623157e308"
# How many rows with such a value are shown.
MOST_ROWS = 5


class Condition(NamedTuple):
    """SQL that is true for a value that is not of a type; `{0}` is its column."""

    sql: str
    parameters: Sequence[Any] = ()


class Misfit(NamedTuple):
    """A column of a mart that holds values of another type.

    `rows` is how many rows do, `sample` the first of them.
    """

    mart: str
    column: str
    rows: int
    sample: list[dict[str, Any]]


def misfits(
    run: Run,
    mart: str,
    table: str,
    columns: Sequence[Mapping[str, Any]],
    conditions: Mapping[str, Condition],
) -> list[Misfit]:
    """The misfits of a mart's table; one pass over it where there are none.

    `columns` are those of the contract, `conditions` are by data type. Types that the
    table itself enforces need none.
    """
    asked = [
        (column["name"], _of(conditions[column["data_type"]], column["name"]))
        for column in columns
        if column["data_type"] in conditions
    ]
    if not asked:
        return []
    counts = ", ".join(
        f"count(case when {c.sql} then 1 end) as {quoted(name)}" for name, c in asked
    )
    values = [value for _, condition in asked for value in condition.parameters]
    (found,) = run(f"select {counts} from {table}", values)
    return [
        Misfit(mart, name, found[name], _sample(run, table, condition))
        for name, condition in asked
        if found[name]
    ]


def _of(condition: Condition, column: str) -> Condition:
    return condition._replace(sql=condition.sql.replace("{0}", quoted(column)))


def _sample(run: Run, table: str, condition: Condition) -> list[dict[str, Any]]:
    sql = f"select * from {table} where {condition.sql} limit {MOST_ROWS}"
    return run(sql, condition.parameters)
