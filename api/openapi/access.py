"""What each operation asks of who calls it, by the one table in `access`."""

from __future__ import annotations

from typing import Any

from api.errors import (
    ForeignHost,
    ForeignOrigin,
    KeyRequired,
    Problem,
    ReadOnlyKey,
    UnknownKey,
)
from api.middleware.access.rules import Need, need
from api.openapi.problems import problems

Node = dict[str, Any]

SCHEMES: Node = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key. One made with `--read` may read but not write.",
    },
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key, where Authorization is taken.",
    },
}
EITHER: list[Node] = [{"bearer": []}, {"header": []}]

# What a request can be refused with before it is even read.
REFUSALS: dict[Need, tuple[type[Problem], ...]] = {
    Need.UNASKED: (ForeignHost,),
    Need.NOTHING: (ForeignHost, UnknownKey),
    Need.READ: (ForeignHost, KeyRequired, UnknownKey),
    Need.WRITE: (ForeignHost, KeyRequired, UnknownKey, ReadOnlyKey, ForeignOrigin),
}


def guarded(paths: Node, has_keys: bool, protect_metrics: bool) -> Node:
    """The paths, each operation with what it needs and how it is refused without.

    Without keys none is asked for; other machines get a 401 all the same.
    """
    return {
        path: {
            method: _guarded(operation, need(method.upper(), path, protect_metrics))
            | _security(need(method.upper(), path, protect_metrics), has_keys)
            for method, operation in item.items()
        }
        for path, item in paths.items()
    }


def _security(needed: Need, has_keys: bool) -> Node:
    return {"security": EITHER if has_keys and needed >= Need.READ else []}


def _guarded(operation: Node, needed: Need) -> Node:
    responses = operation["responses"] | problems(*REFUSALS[needed])
    return operation | {"responses": dict(sorted(responses.items()))}
