"""Problems answered in front of the web framework, in the one shape that all have."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from api.errors import Problem
from api.middleware.security_headers import DEFAULTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


def refuse(problem: Problem, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a WSGI request with the problem."""
    body = json.dumps(problem.body(), separators=(",", ":")).encode()
    headers = DEFAULTS | {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        **problem.headers,
    }
    phrase = HTTPStatus(problem.status).phrase
    start_response(f"{problem.status} {phrase}", list(headers.items()))
    return [body]
