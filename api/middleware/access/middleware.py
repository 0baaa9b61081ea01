"""The layer that checks host, origin and key before anything else is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from api.errors import Problem
from api.middleware.access.policy import AccessPolicy
from api.middleware.security_headers import DEFAULTS
from api.middleware.wsgi import Headers, send_problem
from api.warehouse.provenance import ACTOR

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class AccessMiddleware:
    """A WSGI application in front of another; safe for use by many threads.

    An open read costs a set lookup and a few comparisons of texts.
    """

    def __init__(self, app: WSGIApplication, policy: AccessPolicy) -> None:
        self._app = app
        self._policy = policy
        self._has_origins = bool(policy.origins)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        policy = self._policy
        if self._has_origins:
            added = policy.origins.headers(environ.get("HTTP_ORIGIN"))
            start_response = _with_headers(added, start_response)
        try:
            policy.check_host(environ)
            if self._has_origins and _is_preflight(environ):
                return self._preflight(environ, start_response)
            policy.check_origin(environ)
            actor = policy.actor(environ)
        except Problem as problem:
            return send_problem(problem, start_response)
        if actor is not None:
            environ[ACTOR] = actor
        return self._app(environ, start_response)

    def _preflight(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer alike for every path: browsers send no key with a preflight."""
        origins = self._policy.origins
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


def _with_headers(added: Headers, start_response: StartResponse) -> StartResponse:
    """Add headers on the way out: the cache behind holds answers for any origin."""

    def start(status: str, headers: Headers, *exc_info: Any) -> Any:
        return start_response(status, [*headers, *added], *exc_info)

    return start
