"""JSON Schemas of the answers' shapes and of the rows of the contract. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from api.contract import Column, DataType, Mart, Table
from api.contract.data_types import DATA_TYPES
from api.openapi.parts import Node


def component_schemas(shapes: Iterable[Any]) -> Node:
    """The schemas of shapes (TypedDict), and of the shapes inside them, by name."""
    ordered = sorted(shapes, key=lambda shape: str(shape.__name__))
    _, whole = TypeAdapter.json_schemas(
        [(shape, "serialization", TypeAdapter(shape)) for shape in ordered],
        ref_template="#/components/schemas/{model}",
    )
    schemas: Node = whole["$defs"]
    return schemas


def row_schemas(marts: Iterable[Mart], tables: Iterable[Table]) -> Node:
    """A row of each metric, and of each upload table as an object and as an array."""
    schemas: Node = {}
    for mart in marts:
        schemas[row_name(mart)] = {
            "type": "object",
            "description": mart.description,
            "properties": {c.name: cell(c) for c in mart.columns},
            "additionalProperties": False,
        }
    for table in tables:
        schemas[f"{table.name}_object"] = {
            "type": "object",
            "description": table.description,
            "properties": {c.name: cell(c) for c in table.columns},
            "required": [c.name for c in table.columns if c.required],
            "additionalProperties": False,
        }
        schemas[f"{table.name}_array"] = {
            "type": "array",
            "description": f"In this order: {', '.join(table.column_names)}.",
            "prefixItems": [cell(c) for c in table.columns],
            "items": False,
            "minItems": len(table.columns),
        }
    return schemas


def row_name(mart: Mart) -> str:
    return f"{mart.endpoint}_row"


def ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: Any) -> Node:
    """`items` may be a shape."""
    return {"type": "array", "items": items}


def cell(column: Column) -> Node:
    """The schema of a column's value; null is allowed unless it is required."""
    schema: Node = {
        **DATA_TYPES[column.data_type].json_schema,
        "description": column.description,
    }
    if column.data_type == "text" and column.required:
        schema["minLength"] = 1
    if column.accepted_values:
        accepted = [typed_value(column.data_type, v) for v in column.accepted_values]
        schema["enum"] = accepted if column.required else [*accepted, None]
    if not column.required:
        schema["type"] = [schema["type"], "null"]
    return schema


def typed_value(data_type: DataType, text: str) -> Any:
    """The JSON value of a text in the contract."""
    if data_type == "integer":
        return int(text)
    if data_type == "real":
        return float(text)
    return text.lower() in ("true", "1") if data_type == "boolean" else text
