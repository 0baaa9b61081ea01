"""Parses a request's parameters into a query, by the contract of the mart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from api.contract import Mart, Parameter
from api.contract.marts import ALL, RESERVED_PARAMETERS
from api.errors import BadParameter, UndeclaredParameter
from api.metrics.cursor import position_of
from api.metrics.filters import (
    condition,
    operators_of,
    single_value,
    values_of,
    whole_number,
)
from api.metrics.query import Condition, OperatorName, Query, column_of
from api.wording import did_you_mean, quoted

MOST_ROWS = 1_000_000

Given = Mapping[str, Sequence[str]]


def read_query(mart: Mart, given: Given) -> Query:
    """The query of these parameters, each name with all its values.

    Names of columns and operators come from the mart, values are typed: nothing of the
    request becomes SQL. Raises UndeclaredParameter and BadParameter.
    """
    conditions = _filters(mart, given)
    filtered = {condition.column for condition in conditions}
    pinned: list[str] = []
    free: list[str] = []
    for parameter in mart.parameters:
        pin = _pin(mart, parameter, given.get(parameter.name), filtered)
        if pin is None:
            free.append(parameter.column)
        else:
            conditions.append(pin)
            # Several values are a filter, whose column has to stay in the rows.
            (pinned if len(pin.values) == 1 else free).append(parameter.column)
    query = Query(
        columns=_columns(mart, _single(given, "select"), pinned),
        conditions=tuple(conditions),
        pinned=tuple(pinned),
        panel=next(iter(free), None),
        order=_order(mart, _single(given, "sort")),
        limit=_limit(_single(given, "limit")),
    )
    cursor = _single(given, "cursor")
    if cursor is None:
        return query
    return replace(query, after=position_of(mart, query, cursor))


def _filters(mart: Mart, given: Given) -> list[Condition]:
    """The conditions of the parameters that the mart does not declare."""
    declared = {parameter.name for parameter in mart.parameters}
    return [
        _filter(mart, name, texts)
        for name, texts in given.items()
        if name not in declared and name not in RESERVED_PARAMETERS
    ]


def _filter(mart: Mart, name: str, texts: Sequence[str]) -> Condition:
    for column, operator, spelling in _filters_of(mart):
        if spelling == name:
            return condition(name, mart.column(column), operator, texts)
    known = [spelling for _, _, spelling in _filters_of(mart)]
    declared = [parameter.name for parameter in mart.parameters]
    names = [*dict.fromkeys([*declared, *RESERVED_PARAMETERS, *mart.column_names])]
    raise UndeclaredParameter(
        f"{quoted(name)} is no parameter of {mart.endpoint}; declared are:"
        f" {', '.join(names)}; a column also with an operator, such as {known[1]}"
        f"{did_you_mean(name, [*names, *known])}",
        declared=names,
    )


def _filters_of(mart: Mart) -> Iterator[tuple[str, OperatorName, str]]:
    """Column, operator and spelling of every filter that the mart has."""
    for column in mart.columns:
        if column.name not in RESERVED_PARAMETERS:
            yield column.name, "eq", column.name
        for operator in operators_of(column):
            yield column.name, operator, f"{column.name}__{operator}"


def _pin(
    mart: Mart, parameter: Parameter, texts: Sequence[str] | None, filtered: set[str]
) -> Condition | None:
    """The condition that a parameter holds its column to; None if it is free."""
    if texts is None:
        # A filter on the column replaces the default.
        if parameter.default is None or parameter.column in filtered:
            return None
        texts = (parameter.default,)
    if not texts or ALL in texts:
        return None
    data_type = mart.column(parameter.column).data_type
    values = values_of(parameter.name, data_type, texts, other=ALL)
    return Condition(parameter.column, "eq", values)


def _columns(mart: Mart, select: str | None, pinned: Sequence[str]) -> tuple[str, ...]:
    if select is None:
        left = tuple(name for name in mart.selected if name not in pinned)
        return left or mart.selected
    names = select.split(",")
    _check_columns("select", names, mart)
    return tuple(dict.fromkeys(names))


def _order(mart: Mart, sort: str | None) -> tuple[str, ...]:
    terms = sort.split(",") if sort is not None else []
    _check_columns("sort", [column_of(term) for term in terms], mart)
    order: dict[str, str] = {}
    for term in (*terms, *mart.order_by, *mart.column_names):
        order.setdefault(column_of(term), term)
    return tuple(order.values())


def _check_columns(parameter: str, names: Sequence[str], mart: Mart) -> None:
    for name in names:
        if name not in mart.column_names:
            raise BadParameter(
                f"{parameter} names {quoted(name)}, which is no column of"
                f" {mart.endpoint}{did_you_mean(name, mart.column_names)}. Its columns:"
                f" {', '.join(mart.column_names)}."
            )


def _limit(text: str | None) -> int | None:
    return None if text is None else whole_number("limit", text, 1, MOST_ROWS)


def _single(given: Given, name: str) -> str | None:
    return single_value(name, given.get(name, ()))
