"""Complaints about the project's YAML in words that an analyst can act on.

Only wording: which rules there are stands in `shape` and `reader`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.errors import ContractError
from api.suggestion import did_you_mean

Shaped = TypeVar("Shaped", bound=BaseModel)

KINDS = {
    "sources": "source",
    "models": "model",
    "tables": "table",
    "columns": "column",
    "parameters": "parameter",
}


def shaped(document: Any, shape: type[Shaped]) -> Shaped:
    """The document in its shape; raises ContractError, a sentence for each mistake."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        told = [_sentence(detail, document, shape) for detail in error.errors()]
        # A value that fits none of several types is one mistake.
        raise ContractError(dict.fromkeys(told)) from error


def strangers(place: str, named: Iterable[str], known: Sequence[str]) -> list[str]:
    """Complaints of the names that are no column."""
    return [
        f"{place} names {name!r}, which is no column{did_you_mean(name, known)}"
        for name in named
        if name not in known
    ]


def repeated(place: str, names: Sequence[str]) -> list[str]:
    """Complaints of names that stand there twice; capitals make no difference."""
    counts = Counter(name.casefold() for name in names)
    return [
        f"{place} {name!r} stands there {times} times"
        for name, times in counts.items()
        if times > 1
    ]


def reserved(place: str, name: str, taken: Iterable[str]) -> list[str]:
    """A complaint if the name already means something else."""
    if name.casefold() in taken:
        return [f"{place}: the name {name!r} is taken; give it another"]
    return []


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
