"""The parameters and the rows of a metric, in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.contract import Column, Mart, Parameter
from api.contract.data_types import DATA_TYPES
from api.contract.marts import ALL, RESERVED_PARAMETERS
from api.formats import formats_of
from api.formats.charts import THEMES
from api.metrics.filters import operators_of
from api.metrics.operators import OPERATORS
from api.metrics.parameters import MOST_ROWS
from api.metrics.query import OperatorName
from api.openapi.parts import Node, as_json, query, whole_number
from api.openapi.schemas import array_of, ref, row_name, typed_value

Rows = Sequence[Mapping[str, Any]]


def content(mart: Mart, example: Rows) -> Node:
    """The rows by media type, with some as an example."""
    rows = array_of(ref(row_name(mart)))
    by_media_type: Node = {}
    for format in formats_of(mart).values():
        is_json = format.media_type.endswith("+json")
        schema = {"type": "object" if is_json else "string"}
        by_media_type[format.media_type] = {"schema": schema}
    return by_media_type | as_json(rows, list(example) or None)


def parameters(mart: Mart) -> Iterator[Node]:
    """All parameters of a request for the metric."""
    declared = {parameter.name for parameter in mart.parameters}
    for parameter in mart.parameters:
        yield _declared(mart, parameter)
    for column in mart.columns:
        # A declared parameter of that name is documented above.
        if column.name not in (*declared, *RESERVED_PARAMETERS):
            yield _filter(column, column.name, "eq")
    for column in mart.columns:
        for operator in operators_of(column):
            yield _filter(column, f"{column.name}__{operator}", operator)
    terms = [f"{sign}{c.name}" for c in mart.columns for sign in ("", "-")]
    order = "Order by these columns; `-` for a falling one."
    yield _listed("sort", terms, mart.order_by, order)
    shape = "Only these columns, in this order; also one that is held to one value."
    yield _listed("select", list(mart.column_names), mart.selected, shape)
    yield query("limit", whole_number(1, MOST_ROWS), "At most so many rows.")
    yield query(
        "cursor", {"type": "string"}, "Where to go on; only from a Link header."
    )
    formats = list(formats_of(mart))
    yield query(
        "format",
        {"type": "string", "enum": formats},
        "Instead of the Accept header; also behind the name, as in `.csv`.",
    )
    yield query(
        "spreadsheet",
        {"type": "boolean", "default": False},
        "CSV whose texts no spreadsheet takes for formulas.",
    )
    yield query(
        "theme",
        {"type": "string", "enum": list(THEMES), "default": THEMES[0]},
        "The colours of the chart, for pages of either kind.",
    )


def _declared(mart: Mart, parameter: Parameter) -> Node:
    column = mart.column(parameter.column)
    items: Node = {"anyOf": [DATA_TYPES[column.data_type].json_schema, {"const": ALL}]}
    schema = array_of(items) | {"minItems": 1}
    if parameter.default is not None:
        is_value = parameter.default != ALL
        default = parameter.default
        schema["default"] = [
            typed_value(column.data_type, default) if is_value else default
        ]
    about = f"{column.description} `{ALL}` for every one; several for any of them."
    return query(parameter.name, schema, about)


def _filter(column: Column, name: str, key: OperatorName) -> Node:
    operator = OPERATORS[key]
    data_type = "boolean" if operator.reads == "boolean" else column.data_type
    schema: Node = dict(DATA_TYPES[data_type].json_schema)
    if operator.is_repeated or operator.reads == "list":
        schema = array_of(schema) | {"minItems": 1}
    is_list = {"style": "form", "explode": False} if operator.reads == "list" else {}
    about = f"Rows whose `{column.name}` is {operator.meaning}."
    return query(name, schema, about, **is_list)


def _listed(
    name: str, choices: list[str], default: Sequence[str], description: str
) -> Node:
    items: Node = {"type": "string", "enum": choices}
    # Not uniqueItems: a column that is named twice counts once.
    schema = array_of(items) | {"minItems": 1}
    if default:
        schema["default"] = list(default)
    return query(name, schema, description, style="form", explode=False)
