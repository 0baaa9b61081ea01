"""The keys that each operation needs, by the table in `middleware.access.rules`."""

from __future__ import annotations

from api.errors import (
    ForeignHost,
    ForeignOrigin,
    KeyRequired,
    Problem,
    ReadOnlyKey,
    UnknownKey,
)
from api.middleware.access.rules import Need, need
from api.openapi.parts import Node
from api.openapi.problems import problems

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

# The problems that end a request before it is read.
PROBLEMS: dict[Need, tuple[type[Problem], ...]] = {
    Need.UNASKED: (ForeignHost,),
    Need.NOTHING: (ForeignHost, UnknownKey),
    Need.READ: (ForeignHost, KeyRequired, UnknownKey),
    Need.WRITE: (ForeignHost, KeyRequired, UnknownKey, ReadOnlyKey, ForeignOrigin),
}


def with_access(paths: Node, has_keys: bool, protect_metrics: bool) -> Node:
    """The paths, each operation with the keys that it needs and the errors without.

    A server without keys needs none, but answers 401 to other machines.
    """
    return {
        path: {
            method: _with_need(
                operation, need(method.upper(), path, protect_metrics), has_keys
            )
            for method, operation in item.items()
        }
        for path, item in paths.items()
    }


def _with_need(operation: Node, needed: Need, has_keys: bool) -> Node:
    responses = operation["responses"] | problems(*PROBLEMS[needed])
    return operation | {
        "responses": dict(sorted(responses.items())),
        "security": EITHER if has_keys and needed >= Need.READ else [],
    }
