"""A query of a mart as one SQL statement.

Names come from the contract, values are bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.contract import Mart
from api.metrics.operators import OPERATORS
from api.metrics.query import Condition, Query, column_of

Sql = tuple[str, list[Any]]


def select(mart: Mart, table: str, query: Query, position: str) -> Sql:
    """All columns of the rows, in the query's order, and one row past its limit.

    `position` is the SQL function that finds a text in another. A query that continues
    after a row gets the rows that equal it first, for the caller to skip: their number
    may have changed since.
    """
    columns = ", ".join(f'"{name}"' for name in mart.column_names)
    clauses = [_condition(mart, condition, position) for condition in query.conditions]
    if query.after:
        clauses.append(_from(mart, query.order, query.after.values))
    where = " and ".join(f"({sql})" for sql, _ in clauses)
    values = [value for _, bound in clauses for value in bound]
    order = ", ".join(_order(mart, term) for term in query.order)
    sql = f'select {columns} from "{table}"'
    sql += f" where {where}" if where else ""
    sql += f" order by {order}"
    if query.limit is not None:
        sql += " limit ?"
        values.append(query.limit + 1 + (query.after.equals if query.after else 0))
    return sql, values


def distinct(mart: Mart, table: str, column: str, most: int) -> Sql:
    """The distinct values of a column, `most` at most, in ascending order."""
    # Sorted outside, so that a column with too many is not read to its end.
    sql = (
        f'select "{column}" from'
        f' (select distinct "{column}" from "{table}" where "{column}" is not null'
        " limit ?) as found"
        f" order by {_comparable(mart, column)}"
    )
    return sql, [most]


def _condition(mart: Mart, condition: Condition, position: str) -> Sql:
    column, values = condition.column, list(condition.values)
    operator = OPERATORS[condition.operator]
    sql = operator.sql.format(
        column=_comparable(mart, column),
        name=f'"{column}"',
        value=_bound(mart, column),
        position=position,
    )
    if operator.reads == "boolean":
        return sql if values[0] else f"not {sql}", []
    return operator.joint.join(sql for _ in values), values


def _from(mart: Mart, order: Sequence[str], values: Sequence[Any]) -> Sql:
    """Rows at a position or after it, compared column by column."""
    *earlier, last = zip(order, values, strict=True)
    sql, bound = _at_or_after(mart, *last)
    for term, value in reversed(earlier):
        beyond, equal = _after(mart, term, value), _equal(term, value)
        sql = f"{beyond[0]} or ({equal[0]} and ({sql}))"
        bound = [*beyond[1], *equal[1], *bound]
    return sql, bound


def _at_or_after(mart: Mart, term: str, value: Any) -> Sql:
    after, equal = _after(mart, term, value), _equal(term, value)
    return f"{after[0]} or {equal[0]}", [*after[1], *equal[1]]


def _after(mart: Mart, term: str, value: Any) -> Sql:
    """Rows whose column comes after a value; nulls come last."""
    name, descending = column_of(term), term.startswith("-")
    if value is None:
        return "1 = 0", []
    expression, bound = _comparable(mart, name), _bound(mart, name)
    symbol = "<" if descending else ">"
    return f'({expression} {symbol} {bound} or "{name}" is null)', [value]


def _equal(term: str, value: Any) -> Sql:
    name = column_of(term)
    if value is None:
        return f'"{name}" is null', []
    return f'"{name}" = ?', [value]


def _order(mart: Mart, term: str) -> str:
    direction = " desc" if term.startswith("-") else ""
    return f"{_comparable(mart, column_of(term))}{direction} nulls last"


def _comparable(mart: Mart, name: str) -> str:
    """The column as it sorts: a timestamp without its Z, which would come after the
    fraction of a second."""
    if mart.column(name).data_type == "timestamp":
        return f"rtrim(\"{name}\", 'Z')"
    return f'"{name}"'


def _bound(mart: Mart, name: str) -> str:
    return "rtrim(?, 'Z')" if mart.column(name).data_type == "timestamp" else "?"
