"""The layer that takes requests that write, as many at a time as there may be.

Requests that only read are never refused here: fewer write than there are threads, so
there is always one for a reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.access import SAFE_METHODS
from api.admission.body import Body, too_large
from api.admission.overdue import Overdue
from api.admission.slots import Slots
from api.config import Settings
from api.errors import Problem
from api.provenance import ACTOR
from api.wsgi_problems import refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What is held in memory as a whole may be no longer: a batch, fields of a form.
WHOLE_BYTES = 8 << 20


class Admission:
    """A WSGI application in front of another; safe for use by many threads."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self.slots = Slots(settings.max_writes)
        self._overdue = Overdue()
        self._most_bytes = settings.max_upload_bytes
        self._seconds = settings.upload_seconds

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in SAFE_METHODS:
            return self._app(environ, start_response)
        client = environ.get(ACTOR) or environ.get("REMOTE_ADDR", "")
        try:
            body = self._body(environ)
            with self.slots.one(client), self._overdue.watched(body):
                environ["wsgi.input"] = body
                environ["wsgi.input_terminated"] = True
                return self._app(environ, start_response)
        except Problem as problem:
            return refuse(problem, start_response)

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
        address = environ.get("REMOTE_ADDR", "")
        return Body(environ["wsgi.input"], length, most, self._seconds, address)


def _is_whole(environ: WSGIEnvironment) -> bool:
    """Whether the body is no file, which is read in pieces, but is held as a whole."""
    path, kind = environ["PATH_INFO"], environ.get("CONTENT_TYPE", "")
    if path.endswith("/restore"):
        return False
    return not (path == "/upload_csv" and kind.lower().startswith("multipart/"))
