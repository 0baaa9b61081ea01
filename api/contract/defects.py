"""Defects of the project's YAML, worded so that an analyst can act on them.

Only wording: the rules are in `shape` and `reader`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.contract.dbt_keys import UnknownKey, unknown_keys
from api.errors import ContractError
from api.wording import did_you_mean

Shaped = TypeVar("Shaped", bound=BaseModel)

# The singular of plurals that do not just add an s.
KINDS = {"saved_queries": "saved query", "analyses": "analysis"}
OWN_KEYS = "; put keys of your own under labels, in meta"


def parse_shape(document: Any, shape: type[Shaped]) -> Shaped:
    """Validate a document; raises ContractError with one sentence per mistake."""
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        messages = [_message(detail, document, shape) for detail in error.errors()]
        # A value that fits none of several types is one mistake.
        raise ContractError(dict.fromkeys(messages)) from error


def unknown_key_defects(document: Any, schemas: Sequence[str]) -> list[str]:
    """The keys that dbt would silently ignore."""
    return [_unknown_key(key, document) for key in unknown_keys(document, schemas)]


def unknown_columns(
    place: str, named: Iterable[str], known: Sequence[str]
) -> list[str]:
    """The names that are no column."""
    return [
        f"{place} names {name!r}, which is no column{did_you_mean(name, known)}"
        for name in named
        if name not in known
    ]


def duplicates(place: str, names: Sequence[str]) -> list[str]:
    """The names that occur more than once; case makes no difference."""
    counts = Counter(name.casefold() for name in names)
    return [
        f"{place} {name!r} stands there {times} times"
        for name, times in counts.items()
        if times > 1
    ]


def reserved_name(place: str, name: str, taken: Iterable[str]) -> list[str]:
    """The name, if it already means something else."""
    if name.casefold() in taken:
        return [f"{place}: the name {name!r} is taken; give it another"]
    return []


def _unknown_key(unknown: UnknownKey, document: Any) -> str:
    place, key = _place(unknown.place, document), unknown.key
    if unknown.belongs_under:
        return f"{place}{key!r} belongs under {unknown.belongs_under}; move it"
    return f"{place}unknown key {key!r}{did_you_mean(key, unknown.known)}"


def _message(detail: ErrorDetails, document: Any, shape: type[BaseModel]) -> str:
    loc = detail["loc"] or ("the file",)
    place, key, given = _place(loc[:-1], document), loc[-1], detail["input"]
    kind = detail["type"]
    if kind == "extra_forbidden":
        hint = did_you_mean(str(key), _keys_at(loc[:-1], shape))
        return f"{place}unknown key {str(key)!r}{hint or OWN_KEYS}"
    if kind == "model_type":
        return f"{place}{key} should hold keys and values"
    if kind == "missing":
        return f"{place}the key {str(key)!r} is missing"
    if kind == "literal_error":
        known = detail["ctx"]["expected"]
        hint = did_you_mean(str(given), known.replace("'", "").split(", "))
        return f"{place}{key} is {given!r}, not one of {known}{hint}"
    if given is None or kind == "string_too_short":
        return f"{place}{key} is empty; fill it in"
    if kind == "string_pattern_mismatch":
        return (
            f"{place}{key} {given!r} should be of letters a to z, digits and"
            f" underscores, a letter first{_plain_name_hint(given)}"
        )
    if kind == "string_type" and isinstance(given, list | dict):
        return f"{place}{key} should be a text"
    if kind == "string_type":
        return f"{place}{key} is {given!r} to YAML and no text; put it in quotes"
    return f"{place}{key}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _plain_name_hint(name: str) -> str:
    """` (perhaps 'abteilung_groesse')` for a name that is nearly valid."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    ascii = letters.encode("ascii", "ignore").decode()
    plain = re.sub(r"\W+", "_", ascii).strip("_")
    return f" (perhaps {plain!r})" if plain[:1].isalpha() else ""


def _place(loc: Sequence[int | str], document: Any) -> str:
    """`model quarterly_hires, column Q1: ` for ('models', 0, 'columns', 3)."""
    steps: list[str] = []
    at: Any = document
    for step in loc:
        at = _under(at, step)
        if isinstance(step, int):
            name = at.get("name", step + 1) if isinstance(at, dict) else step + 1
            several = steps[-1]
            steps[-1] = f"{KINDS.get(several, several.removesuffix('s'))} {name}"
        else:
            steps.append(str(step))
    return f"{', '.join(steps)}: " if steps else ""


def _under(value: Any, step: int | str) -> Any:
    """The value at a step; None where dbt found it elsewhere, as under config."""
    try:
        return value[step]
    except (LookupError, TypeError):
        return None


def _keys_at(loc: Sequence[int | str], shape: type[BaseModel]) -> list[str]:
    """The keys that the shape allows at `loc`."""
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
