"""Cursors: the end of a page, as an opaque text that the next request sends back.

A cursor holds the last row's values, not a row number: a build that is published
between two pages neither repeats nor skips a row that it did not change.
"""

from __future__ import annotations

import base64
import binascii
import json
import math

from api.contract import DataType, Mart
from api.errors import BadParameter
from api.metrics.query import Position, Query, Value, column_of

INT64 = range(-(2**63), 2**63)
MOST_EQUAL = 2**32


def cursor_text(query: Query, position: Position) -> str:
    """The cursor of a position in the query's rows."""
    content = [query.rows_digest, position.equals, *position.values]
    packed = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def position_of(mart: Mart, query: Query, text: str) -> Position:
    """The position that a cursor names; raises BadParameter for an invalid one."""
    try:
        padded = text + "=" * (-len(text) % 4)
        content = json.loads(base64.b64decode(padded, b"-_", validate=True))
        digest, equals, *values = content
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise _invalid() from error
    if digest != query.rows_digest:
        raise BadParameter(
            "The cursor belongs to a request with other filters or another order."
            " Go on with the address of the Link header as it is."
        )
    types = [mart.column(column_of(term)).data_type for term in query.order]
    if len(values) != len(types) or not _is_count(equals):
        raise _invalid()
    if not all(map(_fits, types, values)):
        raise _invalid()
    return Position(tuple(values), equals)


def _is_count(value: object) -> bool:
    # Rows that are skipped are read as well: their count is added to the limit.
    return type(value) is int and 0 < value <= MOST_EQUAL


def _fits(data_type: DataType, value: Value | None) -> bool:
    """Whether a column of the type can hold the value."""
    if value is None:
        return True
    if data_type in ("integer", "boolean"):
        return type(value) in (int, bool) and value in INT64
    if data_type == "real":
        return type(value) is float and math.isfinite(value)
    return _is_text(value)


def _is_text(value: object) -> bool:
    """Whether it is a string without a lone surrogate, which JSON can spell."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _invalid() -> BadParameter:
    return BadParameter(
        "The cursor is not one that was given out here, or was changed on its way."
        " Go on with the address of the Link header as it is, or start without one."
    )
