"""The layer that takes requests that write, as many at a time as there may be.

Requests that only read are never refused here: fewer write than there are threads, so
there is always one for a reader.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.admission.body import Body, too_large
from api.admission.parked import Parked
from api.admission.slots import Slots
from api.config import Settings
from api.errors import Problem
from api.provenance import ACTOR
from api.wsgi_problems import refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READS = ("GET", "HEAD", "OPTIONS")
# What is held in memory as a whole may be no longer: a batch, fields of a form.
WHOLE_BYTES = 8 << 20


class Admission:
    """A WSGI application in front of another; safe for use by many threads."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._slots = Slots(settings.max_writes)
        self._most_bytes = settings.max_upload_bytes
        self._seconds = settings.upload_seconds

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in READS:
            return self._app(environ, start_response)
        client = environ.get(ACTOR) or environ.get("REMOTE_ADDR", "")
        try:
            body = self._body(environ)
            self._slots.take(client)
        except Problem as problem:
            return refuse(problem, start_response)
        environ["wsgi.input"] = body
        environ["wsgi.input_terminated"] = True
        try:
            return self._app(environ, start_response)
        finally:
            self._leave(client, environ.get("REMOTE_ADDR", ""), body)

    def _leave(self, client: str, address: str, body: Body) -> None:
        over = threading.Event()

        def let_go() -> None:
            over.set()
            self._slots.leave(client, parked=True)

        if body.give_up(let_go):
            self._slots.park()
            Parked(address, over, self._seconds).watch()
        else:
            self._slots.leave(client)

    def _body(self, environ: WSGIEnvironment) -> Body:
        """The body, not read yet; raises TooLarge where it says that it is."""
        most = self._most_bytes
        if _is_whole(environ):
            most = min(most, WHOLE_BYTES)
        said = environ.get("CONTENT_LENGTH", "")
        length = int(said) if said.isascii() and said.isdigit() else None
        if length is None and not environ.get("wsgi.input_terminated"):
            length = 0
        if length is not None and length > most:
            raise too_large(most)
        return Body(environ["wsgi.input"], length, most, self._seconds)


def _is_whole(environ: WSGIEnvironment) -> bool:
    """Whether the body is no file, which is read in pieces, but is held as a whole."""
    path, kind = environ["PATH_INFO"], environ.get("CONTENT_TYPE", "")
    if path.endswith("/restore"):
        return False
    return not (path == "/upload_csv" and kind.lower().startswith("multipart/"))
