"""The layer that reads the bodies of requests: within limits, and after the answer.

A request may be answered before its body was read. Where the server then closes a
connection on bytes that nobody read, the system resets it, and a client that sends all
before it reads loses the answer. So the answer goes out first, and what is left of the
body is read behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from api.config import Settings
from api.errors import Problem
from api.middleware.admission.body import Body
from api.middleware.admission.overdue import Overdue
from api.middleware.admission.slots import Slots
from api.middleware.wsgi import close_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The largest body that is held in memory as a whole: a batch, the fields of a form.
WHOLE_BYTES = 8 << 20
# How much is read after an answer, and for how long.
MOST_LEFT_BYTES = 256 << 20
MOST_LEFT_SECONDS = 10.0
PIECE_BYTES = 1 << 16


class RequestBodies:
    """A WSGI application around all others; safe for use by many threads."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._overdue = Overdue()
        self._most_bytes = settings.max_upload_bytes
        self._seconds = settings.upload_seconds
        # Of the threads that never write, half are left to readers at any time.
        self._left = Slots((settings.threads - settings.max_writes) // 2)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not ("CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ):
            return self._app(environ, start_response)
        body = self._body(environ)
        environ["wsgi.input"] = body
        environ["wsgi.input_terminated"] = True
        with self._overdue.watched(body):
            parts = self._app(environ, start_response)
        # A client that waits for "100 Continue" sends nothing once it is answered.
        if body.is_whole or (body.received == 0 and "HTTP_EXPECT" in environ):
            return parts
        return self._and_read_on(parts, body)

    def _body(self, environ: WSGIEnvironment) -> Body:
        most = self._most_bytes
        if _is_whole(environ):
            most = min(most, WHOLE_BYTES)
        said = environ.get("CONTENT_LENGTH", "")
        length = int(said) if said.isascii() and said.isdigit() else None
        if length is None and not environ.get("wsgi.input_terminated"):
            length = 0
        address = environ.get("REMOTE_ADDR", "")
        return Body(environ["wsgi.input"], length, most, self._seconds, address)

    def _and_read_on(self, parts: Iterable[bytes], body: Body) -> Iterator[bytes]:
        """The answer, and behind it the reading of what is left, as far as it goes."""
        try:
            yield from parts
        finally:
            close_body(parts)
        # Not in the place of a request that writes, which is free by now.
        with suppress(Problem), self._left.one(body.address):
            left = body.left(MOST_LEFT_BYTES, MOST_LEFT_SECONDS)
            with self._overdue.watched(left):
                while left.read(PIECE_BYTES):
                    pass


def _is_whole(environ: WSGIEnvironment) -> bool:
    """Whether the body is no file, which is read in pieces, but is held as a whole."""
    path, kind = environ["PATH_INFO"], environ.get("CONTENT_TYPE", "")
    if path.endswith("/restore"):
        return False
    return not (path == "/upload_csv" and kind.lower().startswith("multipart/"))
