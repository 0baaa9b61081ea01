"""The layer around every request: its number, its line in the log, its figures.

Metrics are asked for thousands of times a second: what is done for each of them is
looked up beforehand.
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
from api.middleware.access import SAFE_METHODS
from api.middleware.problems import refuse
from api.observability.figures import count_refusal, request_timer
from api.observability.logs import CURRENT, log, log_event
from api.warehouse.provenance import ACTOR, REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch
METRICS = "/metrics/"
PROBLEM = "application/problem+json"

Headers = list[tuple[str, str]]


class RequestLog:
    """A WSGI application around all others; safe for use by many threads.

    `route_of` finds the template of a method and path; unknown ones are "other".
    """

    def __init__(
        self, app: WSGIApplication, route_of: Callable[[str, str], str]
    ) -> None:
        self._app = app
        self._route_of = route_of
        self._here = secrets.token_hex(6)
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
            number = given
        else:
            number = f"{self._here}-{next(self._numbers):x}"
        environ[REQUEST_ID] = number
        CURRENT.set(number)
        told: list[Any] = ["", []]

        def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], Any]:
            told[:] = status, headers
            return start_response(status, [*headers, (HEADER, number)], *rest)

        try:
            parts = self._app(environ, start)
        except Exception as error:
            log_event("failure", logging.ERROR, error)
            parts = refuse(Problem("The server failed; its log tells where."), start)
        status, headers = told[0][:3], told[1]
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
            parts = [_whole(parts)]
            code = _code(headers, parts[0])
            if code:
                count_refusal(code)
        elif not any(name.lower() == "content-length" for name, _ in headers):
            parts = _Stream(parts)
        seconds = perf_counter() - began
        self._timer(method, route, status)(seconds)
        more: dict[str, Any] = {"code": code, "actor": environ.get(ACTOR)}
        log_event(
            "client_gone" if code == IncompleteBody.code else "request",
            _level(method, status),
            method=method,
            route=route,
            status=int(status),
            seconds=round(seconds, 6),
            **{name: fact for name, fact in more.items() if fact},
        )
        return parts

    def _timer(self, method: str, route: str, status: str) -> Callable[[float], None]:
        """Kept once found; there are only so many routes."""
        key = (method, route, status)
        if key not in self._timers and len(self._timers) < 1000:
            self._timers[key] = request_timer(*key)
        return self._timers.get(key) or request_timer(*key)


class _Stream:
    """A body that is made while it is sent; a failure then is logged like any other."""

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
        getattr(self._parts, "close", lambda: None)()


class BrokenStream(RuntimeError):
    """Told to the server instead of an error that may hold what rows say."""


def _level(method: str, status: str) -> int:
    if status >= "500":
        return logging.ERROR
    quiet = method in SAFE_METHODS and status < "400"
    return logging.DEBUG if quiet else logging.INFO


def _whole(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()


def _code(headers: Headers, body: bytes) -> str | None:
    """The code of a problem, which the answer to HEAD has no body to tell."""
    kinds = [value for name, value in headers if name.lower() == "content-type"]
    if kinds != [PROBLEM]:
        return None
    return str(json.loads(body)["code"]) if body else "untold"
