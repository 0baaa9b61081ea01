"""JSON texts as values, strictly: nothing is lost, made up or read two ways. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from api.errors import BadRequest
from api.foreign_text import quoted

# Of a number. 64 bits hold 19 digits, and to read long ones takes the square of time.
MOST_CHARACTERS = 1000


def json_value(text: str | bytes) -> Any:
    """A JSON text as Python values; raises BadRequest telling where it breaks."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_whole_number,
            parse_float=_real,
        )
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply to be a batch.") from error
    except ValueError as error:
        raise BadRequest(f"This is not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadRequest(
                f"An object of the JSON has {quoted(name)} twice, so one of the values"
                " would be lost. Keep one of the two."
            )
        found[name] = value
    return found


def _constant(name: str) -> Any:
    raise BadRequest(f"JSON has no {name}. Send null where there is no number.")


def _whole_number(text: str) -> int:
    _refuse_long(text)
    return int(text)


def _real(text: str) -> float:
    _refuse_long(text)
    value = float(text)
    if not math.isfinite(value):
        raise BadRequest(f"{quoted(text)} in the JSON is too large for any number.")
    return value


def _refuse_long(number: str) -> None:
    if len(number) > MOST_CHARACTERS:
        raise BadRequest(
            f"The JSON has a number of {len(number):,} characters, {quoted(number)}:"
            " no column holds it."
        )
