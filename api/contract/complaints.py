"""Complaints about the project's YAML in words that an analyst can act on.

Only wording: which rules there are stands in `shape` and `reader`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.suggestion import did_you_mean

KINDS = {
    "sources": "source",
    "models": "model",
    "tables": "table",
    "columns": "column",
    "parameters": "parameter",
}


def complaints_of(
    error: ValidationError, document: Any, shape: type[BaseModel]
) -> list[str]:
    """One sentence per validation error, each naming its place in `document`."""
    return [_sentence(detail, document, shape) for detail in error.errors()]


def _sentence(detail: ErrorDetails, document: Any, shape: type[BaseModel]) -> str:
    loc = detail["loc"] or ("the file",)
    place, key = _place(loc[:-1], document), loc[-1]
    if detail["type"] == "extra_forbidden":
        hint = did_you_mean(str(key), _keys_at(loc[:-1], shape))
        return f"{place}unknown key {str(key)!r}{hint}"
    if detail["type"] == "model_type":
        return f"{place}{key} should hold keys and values"
    if detail["type"] == "missing":
        return f"{place}the key {str(key)!r} is missing"
    if detail["type"] == "literal_error":
        known = detail["ctx"]["expected"]
        hint = did_you_mean(str(detail["input"]), known.replace("'", "").split(", "))
        return f"{place}{key} is {detail['input']!r}, not one of {known}{hint}"
    return f"{place}{_dotted(loc[-1:])}: {detail['msg'].lower()}"


def _place(loc: Sequence[int | str], document: Any) -> str:
    """`model quarterly_hires, column Q1: ` for ('models', 0, 'columns', 3)."""
    steps: list[str] = []
    at: Any = document
    for step in loc:
        at = at[step] if hasattr(at, "__getitem__") else None
        if isinstance(step, int):
            name = at.get("name", step + 1) if isinstance(at, dict) else step + 1
            steps[-1] = f"{KINDS.get(steps[-1], steps[-1])} {name}"
        else:
            steps.append(step)
    return f"{', '.join(steps)}: " if steps else ""


def _dotted(loc: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in loc)


def _keys_at(loc: Sequence[int | str], shape: type[BaseModel]) -> list[str]:
    """The keys that the shape allows where `loc` leads."""
    for step in loc:
        if isinstance(step, str):
            shape = _inner(shape, step)
    return [field.alias or name for name, field in shape.model_fields.items()]


def _inner(shape: type[BaseModel], key: str) -> type[BaseModel]:
    annotation = shape.model_fields[key].annotation
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return shape
