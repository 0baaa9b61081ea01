"""JSON Schemas: of the answers' shapes, and of the columns of the contract."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from api.contract import Column, DataType
from api.documents import builds, loads, metrics, readings, service, tables

Node = dict[str, Any]

ANSWERS: tuple[Any, ...] = (
    metrics.MetricEntry,
    tables.Table,
    loads.Load,
    loads.LoadWithBuild,
    loads.Receipt,
    loads.MinimalReceipt,
    loads.DryRun,
    readings.TablesOfFile,
    loads.RejectsPage,
    builds.Build,
    builds.BuildWithSteps,
    builds.BuildAtWork,
    service.Index,
    service.Alive,
    service.Readiness,
    service.Status,
    service.Problem,
)
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
TYPES: dict[DataType, Node] = {
    "integer": {"type": "integer", "format": "int64", **INT64},
    "real": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "text": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


def component_schemas() -> Node:
    """The shapes of all answers but rows, by name."""
    wanted = [(shape, "serialization", TypeAdapter(shape)) for shape in ANSWERS]
    _, whole = TypeAdapter.json_schemas(
        wanted,  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    schemas: Node = whole["$defs"]
    return schemas


def ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: Node) -> Node:
    return {"type": "array", "items": items}


def cell(column: Column) -> Node:
    """What a column's value may be; null unless it is required."""
    found: Node = {**TYPES[column.data_type], "description": column.description}
    if column.data_type == "text" and column.required:
        found["minLength"] = 1
    if column.accepted_values:
        found["enum"] = [typed(column.data_type, v) for v in column.accepted_values]
    if not column.required:
        found["type"] = [found["type"], "null"]
        found |= {"enum": [*found["enum"], None]} if "enum" in found else {}
    return found


def typed(data_type: DataType, text: str) -> Any:
    """A value that the contract spells as text, as JSON has it."""
    if data_type == "integer":
        return int(text)
    if data_type == "real":
        return float(text)
    return text.lower() in ("true", "1") if data_type == "boolean" else text
