"""Responses to requests for metrics, given again without asking the web framework.

A metric's answer depends on the build and on the few parts of the request in VARYING:
as long as that build is served, the same question has the same answer, byte for byte.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from api.errors import Problem
from api.warehouse.builds import Build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METRICS = "/metrics/"
# All of a request that an answer of a metric, or an address in it, can depend on.
VARYING = (
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_ACCEPT",
    "HTTP_IF_NONE_MATCH",
    "HTTP_HOST",
    "SCRIPT_NAME",
    "wsgi.url_scheme",
)
# What an entry takes beside its body and the question to it, about.
ENTRY_BYTES = 2048

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class _Answer:
    build: Build
    status: str
    headers: Headers
    body: bytes
    asked: int


class ResponseCache:
    """A WSGI application in front of another; safe for use by many threads."""

    def __init__(
        self, app: WSGIApplication, served: Callable[[], Build], most_bytes: int
    ) -> None:
        self._app = app
        self._served = served
        self._answers: LRUCache[Any, _Answer] = LRUCache(most_bytes, getsizeof=_size)
        self._lock = threading.Lock()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        if not environ["PATH_INFO"].startswith(METRICS):
            return self._app(environ, start_response)
        try:
            build = self._served()
        except Problem:
            return self._app(environ, start_response)
        key = tuple(environ.get(name) for name in VARYING)
        with self._lock:
            answer = self._answers.get(key)
        if answer is None or answer.build is not build:
            # What was asked is kept as well; a character may take four bytes.
            asked = 4 * sum(map(len, filter(None, key)))
            answer = self._ask(environ, build, asked)
            self._keep(key, answer)
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    def _ask(self, environ: WSGIEnvironment, build: Build, asked: int) -> _Answer:
        told: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, *_: object) -> Callable[[bytes], None]:
            told.append((status, headers))
            return lambda _: None

        parts = self._app(environ, start)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        return _Answer(build, *told[-1], body, asked)

    def _keep(self, key: tuple[Any, ...], answer: _Answer) -> None:
        """Unless it is an error, or of a build that was published meanwhile."""
        build_id = dict(answer.headers).get("Build-Id")
        good = answer.status[:3] in ("200", "304")
        if not good or build_id != str(answer.build.build_id):
            return
        with self._lock:
            if _size(answer) <= self._answers.maxsize:
                self._answers[key] = answer


def _size(answer: _Answer) -> int:
    told = sum(len(value) for _, value in answer.headers)
    return len(answer.body) + answer.asked + told + ENTRY_BYTES
