"""The layer that stands in front: a request that may not is refused before all else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from api.errors import Problem
from api.middleware.access.policy import AccessPolicy
from api.middleware.problems import refuse
from api.middleware.security_headers import DEFAULTS
from api.warehouse.provenance import ACTOR

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


class AccessMiddleware:
    """A WSGI application in front of another; safe for use by many threads.

    Cheap for an open read: a set, a few comparisons of texts, and no answer touched.
    """

    def __init__(self, app: WSGIApplication, door: AccessPolicy) -> None:
        self._app = app
        self._door = door
        self._shares = bool(door.origins)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        door = self._door
        if self._shares:
            told = door.origins.headers(environ.get("HTTP_ORIGIN"))
            start_response = _adding(told, start_response)
        try:
            door.check_host(environ)
            if self._shares and _is_preflight(environ):
                return self._preflight(environ, start_response)
            door.check_origin(environ)
            actor = door.actor(environ)
        except Problem as problem:
            return refuse(problem, start_response)
        if actor is not None:
            environ[ACTOR] = actor
        return self._app(environ, start_response)

    def _preflight(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer for every address alike; a key is never sent with the question."""
        origins = self._door.origins
        is_listed = origins.lists(environ["HTTP_ORIGIN"])
        allowed = origins.preflight() if is_listed else []
        start_response("204 No Content", [*DEFAULTS.items(), *allowed])
        return []


def _is_preflight(environ: WSGIEnvironment) -> bool:
    return (
        environ["REQUEST_METHOD"] == "OPTIONS"
        and "HTTP_ORIGIN" in environ
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def _adding(told: Headers, start_response: StartResponse) -> StartResponse:
    """Add headers on the way out: what lies behind keeps answers for any origin."""

    def start(status: str, headers: Headers, *exc_info: Any) -> Any:
        return start_response(status, [*headers, *told], *exc_info)

    return start
