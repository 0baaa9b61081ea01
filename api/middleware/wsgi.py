"""WSGI without the web framework: what the layers in front of it share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from api.errors import Problem
from api.middleware.security_headers import DEFAULTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# The addresses of the metrics, which most requests are for, begin like this.
METRICS = "/metrics/"

Headers = list[tuple[str, str]]


def send_problem(problem: Problem, start_response: StartResponse) -> Iterable[bytes]:
    """Start the response of a problem and return its body."""
    body = json.dumps(problem.body(), separators=(",", ":")).encode()
    headers = DEFAULTS | {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        **problem.headers,
    }
    phrase = HTTPStatus(problem.status).phrase
    start_response(f"{problem.status} {phrase}", list(headers.items()))
    return [body]


def read_body(parts: Iterable[bytes]) -> bytes:
    """Return the whole body of a response, and close it."""
    try:
        return b"".join(parts)
    finally:
        close_body(parts)


def close_body(parts: Iterable[bytes]) -> None:
    """Close the body of a response, if it can be closed."""
    getattr(parts, "close", lambda: None)()
