"""Reads a request's parameters into a query, by the contract of the mart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from api.contract import Mart, Parameter
from api.contract.marts import ALL, RESERVED_PARAMETERS
from api.errors import BadParameter, UndeclaredParameter
from api.metrics.cursor import position_of
from api.metrics.filters import condition, operators_of, values_of
from api.metrics.query import Condition, OperatorName, Query
from api.wording import did_you_mean, quoted

MOST_ROWS = 1_000_000

Given = Mapping[str, Sequence[str]]


def read_query(mart: Mart, given: Given) -> Query:
    """The query that these parameters ask for, each name with all its values.

    Names of columns and operators come from the mart, values are typed: nothing of the
    request is ever SQL. Raises UndeclaredParameter and BadParameter.
    """
    pinning, filters = _sorted_out(mart, given)
    conditions = list(filters)
    pinned: list[str] = []
    free: list[str] = []
    filtered = {condition.column for condition in filters}
    for parameter in mart.parameters:
        found = _pin(mart, parameter, pinning.get(parameter.name), filtered)
        if found is None:
            free.append(parameter.column)
        else:
            conditions.append(found)
            # Several values are a filter: the rows have to tell which is which.
            (pinned if len(found.values) == 1 else free).append(parameter.column)
    query = Query(
        columns=_columns(mart, _one(given, "select"), pinned),
        conditions=tuple(conditions),
        pinned=tuple(pinned),
        panel=next(iter(free), None),
        order=_order(mart, _one(given, "sort")),
        limit=_limit(_one(given, "limit")),
    )
    cursor = _one(given, "cursor")
    if cursor is None:
        return query
    return replace(query, after=position_of(mart, query, cursor))


def _sorted_out(mart: Mart, given: Given) -> tuple[Given, list[Condition]]:
    """The parameters that the mart declares, and the filters on its columns."""
    declared = {parameter.name for parameter in mart.parameters}
    pinning = {name: texts for name, texts in given.items() if name in declared}
    filters = [
        _filter(mart, name, texts)
        for name, texts in given.items()
        if name not in declared and name not in RESERVED_PARAMETERS
    ]
    return pinning, filters


def _filter(mart: Mart, name: str, texts: Sequence[str]) -> Condition:
    for column, operator, spelt in _filters_of(mart):
        if spelt == name:
            return condition(name, mart.column(column), operator, texts)
    known = [spelt for _, _, spelt in _filters_of(mart)]
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
    """What a parameter holds its column to; None when it leaves it free."""
    if texts is None:
        # Who filters the column has said which rows are wanted.
        unwanted = parameter.default is None or parameter.column in filtered
        texts = () if unwanted else (parameter.default or "",)
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
    _refuse_strangers("select", names, mart)
    return tuple(dict.fromkeys(names))


def _order(mart: Mart, sort: str | None) -> tuple[str, ...]:
    terms = sort.split(",") if sort is not None else []
    _refuse_strangers("sort", [term.removeprefix("-") for term in terms], mart)
    order: dict[str, str] = {}
    for term in (*terms, *mart.order_by, *mart.column_names):
        order.setdefault(term.removeprefix("-"), term)
    return tuple(order.values())


def _refuse_strangers(parameter: str, names: Sequence[str], mart: Mart) -> None:
    for name in names:
        if name not in mart.column_names:
            raise BadParameter(
                f"{parameter} names {quoted(name)}, which is no column of"
                f" {mart.endpoint}{did_you_mean(name, mart.column_names)}. Its columns:"
                f" {', '.join(mart.column_names)}."
            )


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ROWS))
    if not digits or not 1 <= int(text) <= MOST_ROWS:
        raise BadParameter(
            f"limit must be a whole number from 1 to {MOST_ROWS}, not {quoted(text)}"
        )
    return int(text)


def _one(given: Given, name: str) -> str | None:
    """The one value of a parameter that may stand there once."""
    texts = given.get(name, ())
    if len(texts) > 1:
        raise BadParameter(f"{name} is given {len(texts)} times; give it once.")
    return texts[0] if texts else None
