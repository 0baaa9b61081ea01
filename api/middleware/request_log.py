"""The layer around every request: its id, its line in the log, its figures.

Metrics are requested thousands of times a second, so their timers are looked up once,
before the first request.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

from api.errors import IncompleteBody, Problem
from api.middleware.access.rules import SAFE_METHODS
from api.middleware.wsgi import (
    METRICS,
    Headers,
    close_body,
    read_body,
    send_problem,
)
from api.observability.figures import count_problem, request_timer
from api.observability.logs import CURRENT_REQUEST, log, log_event
from api.warehouse.provenance import ACTOR, REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch
PROBLEM = "application/problem+json"


class RequestLog:
    """A WSGI application around all others; safe for use by many threads.

    `route_of` returns the template of a method and path, "other" for unknown ones.
    """

    def __init__(
        self, app: WSGIApplication, route_of: Callable[[str, str], str]
    ) -> None:
        self._app = app
        self._route_of = route_of
        self._id_prefix = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._timers: dict[tuple[str, str, str], Callable[[float], None]] = {}
        metric = route_of("GET", f"{METRICS}x")
        self._metric_timers = {
            status: request_timer("GET", metric, status) for status in ("200", "304")
        }

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        began = perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID")
        if given and ACCEPTED(given):
            request_id = given
        else:
            request_id = f"{self._id_prefix}-{next(self._numbers):x}"
        environ[REQUEST_ID] = request_id
        CURRENT_REQUEST.set(request_id)
        started: list[Any] = ["", []]

        def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], Any]:
            started[:] = status, headers
            return start_response(status, [*headers, (HEADER, request_id)], *rest)

        try:
            parts = self._app(environ, start)
        except Exception as error:
            log_event("failure", logging.ERROR, error)
            parts = send_problem(
                Problem("The server failed; its log tells where."), start
            )
        status, headers = started[0][:3], started[1]
        if (
            (timer := self._metric_timers.get(status))
            and environ["REQUEST_METHOD"] == "GET"
            and environ["PATH_INFO"].startswith(METRICS)
            and not log.isEnabledFor(logging.DEBUG)
        ):
            timer(perf_counter() - began)
            return parts
        return self._record(environ, status, headers, parts, began)

    def _record(
        self,
        environ: WSGIEnvironment,
        status: str,
        headers: Headers,
        parts: Iterable[bytes],
        began: float,
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        route = self._route_of(method, environ["PATH_INFO"])
        code = None
        if status >= "400":
            parts = [read_body(parts)]
            code = _code(headers, parts[0])
            if code:
                count_problem(code)
        elif not any(name.lower() == "content-length" for name, _ in headers):
            parts = _Stream(parts)
        seconds = perf_counter() - began
        self._timer(method, route, status)(seconds)
        optional: dict[str, Any] = {"code": code, "actor": environ.get(ACTOR)}
        log_event(
            "client_gone" if code == IncompleteBody.code else "request",
            _level(method, status),
            method=method,
            route=route,
            status=int(status),
            seconds=round(seconds, 6),
            **{name: fact for name, fact in optional.items() if fact},
        )
        return parts

    def _timer(self, method: str, route: str, status: str) -> Callable[[float], None]:
        """The timer of such requests, kept once found: routes are few."""
        key = (method, route, status)
        if key not in self._timers and len(self._timers) < 1000:
            self._timers[key] = request_timer(*key)
        return self._timers.get(key) or request_timer(*key)


class _Stream:
    """A body that is made while it is sent; an error in it is logged as any other."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._rest = iter(parts)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._rest)
        except StopIteration:
            raise
        except Exception as error:
            log_event("failure", logging.ERROR, error)
            raise BrokenStream("an answer broke off; see the failure above") from None

    def close(self) -> None:
        close_body(self._parts)


class BrokenStream(RuntimeError):
    """Raised to the server in place of an error that may quote rows."""


def _level(method: str, status: str) -> int:
    if status >= "500":
        return logging.ERROR
    quiet = method in SAFE_METHODS and status < "400"
    return logging.DEBUG if quiet else logging.INFO


def _code(headers: Headers, body: bytes) -> str | None:
    """The code of a problem; the answer to HEAD has no body that names it."""
    kinds = [value for name, value in headers if name.lower() == "content-type"]
    if kinds != [PROBLEM]:
        return None
    return str(json.loads(body)["code"]) if body else "untold"
