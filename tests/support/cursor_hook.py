"""For generated requests: a cursor is only ever one that was given out."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    if case.query:
        case.query.pop("cursor", None)


@schemathesis.serializer("application/avro")
def as_it_is(_: object, value: object) -> bytes:
    """A backup is sent as its bytes."""
    return value if isinstance(value, bytes) else str(value).encode()
