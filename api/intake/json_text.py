"""Parse JSON strictly: no value is lost, invented or ambiguous. Pure."""

from __future__ import annotations

import json
import math
from collections import Counter
from decimal import Decimal
from typing import Any

from api.errors import BadRequest
from api.wording import quoted

# Of a number with a fraction or an exponent; parsing takes quadratic time.
MOST_CHARACTERS = 1000


def json_value(text: str | bytes) -> Any:
    """A JSON text as Python values; raises BadRequest."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_real,
        )
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply to be a batch.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"This is not JSON: {error}") from error
    except ValueError as error:
        # Python parses no integer of more than 4,300 digits.
        raise BadRequest(
            "The JSON has a whole number of thousands of digits; no column holds more"
            " than 19."
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise BadRequest(
            f"An object of the JSON has {quoted(twice)} twice, so one of the values"
            " would be lost. Keep one of the two."
        )
    return members


def _constant(name: str) -> Any:
    raise BadRequest(f"JSON has no {name}. Send null where there is no number.")


def _real(text: str) -> float | int:
    if len(text) > MOST_CHARACTERS:
        raise BadRequest(
            f"The JSON has a number of {len(text):,} characters, {quoted(text)}: no"
            " column holds it."
        )
    value = float(text)
    if not math.isfinite(value):
        raise BadRequest(f"{quoted(text)} in the JSON is too large for any number.")
    if 2**53 <= abs(value) < 2**64 and (exact := Decimal(text)) == int(exact):
        # 1e18 is an integer, of which a float would keep only the first digits.
        return int(exact)
    return value
