"""A cache of the responses to metric requests, in front of the web framework.

A metric's answer depends on the build and on the few parts of the request in VARYING:
while that build is served, the same request gets the same answer, byte for byte.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from api.errors import Problem
from api.middleware.wsgi import METRICS, Headers, read_body
from api.warehouse.builds import Build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Everything in a request that a metric's answer, or a URL in it, can depend on.
VARYING = (
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_ACCEPT",
    "HTTP_IF_NONE_MATCH",
    "HTTP_HOST",
    "SCRIPT_NAME",
    "wsgi.url_scheme",
)
# About what an entry takes beside its body and its key.
ENTRY_BYTES = 2048


@dataclass(frozen=True)
class _Answer:
    build: Build
    status: str
    headers: Headers
    body: bytes
    key_bytes: int


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
            # The key is kept as well; a character may take four bytes.
            key_bytes = 4 * sum(map(len, filter(None, key)))
            answer = self._ask(environ, build, key_bytes)
            self._keep(key, answer)
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    def _ask(self, environ: WSGIEnvironment, build: Build, key_bytes: int) -> _Answer:
        started: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, *_: object) -> Callable[[bytes], None]:
            started.append((status, headers))
            return lambda _: None

        body = read_body(self._app(environ, start))
        return _Answer(build, *started[-1], body, key_bytes)

    def _keep(self, key: tuple[Any, ...], answer: _Answer) -> None:
        """Cache the answer, unless it is an error or comes from a newer build."""
        build_id = dict(answer.headers).get("Build-Id")
        good = answer.status[:3] in ("200", "304")
        if not good or build_id != str(answer.build.build_id):
            return
        with self._lock:
            if _size(answer) <= self._answers.maxsize:
                self._answers[key] = answer


def _size(answer: _Answer) -> int:
    header_bytes = sum(len(value) for _, value in answer.headers)
    return len(answer.body) + answer.key_bytes + header_bytes + ENTRY_BYTES
