"""The layer that takes requests that write, as many at a time as there may be.

Requests that only read are never refused here: fewer write than there are threads, so
there is always one for a reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.config import Settings
from api.errors import Problem
from api.middleware.access.rules import SAFE_METHODS
from api.middleware.admission.slots import Slots
from api.middleware.wsgi import send_problem
from api.warehouse.provenance import ACTOR

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Admission:
    """A WSGI application in front of another; safe for use by many threads."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._slots = Slots(settings.max_writes)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in SAFE_METHODS:
            return self._app(environ, start_response)
        client = environ.get(ACTOR) or environ.get("REMOTE_ADDR", "")
        try:
            with self._slots.one(client):
                return self._app(environ, start_response)
        except Problem as problem:
            return send_problem(problem, start_response)
