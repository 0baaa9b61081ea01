"""HTTP: one module per resource, with its views, their answers' shapes, their OpenAPI.

A view parses the request, calls one function, and builds the response.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from api.errors import BadRequest
from api.middleware.security_headers import DEFAULTS
from api.openapi.document import document
from api.openapi.operations import Facts
from api.openapi.parts import MAX_ID, Node
from api.routes import (
    backups,
    batches,
    builds,
    health,
    loads,
    metrics,
    monitoring,
    openapi,
    pages,
    problems,
    readings,
    rejects,
    status,
    tables,
    uploads,
)
from api.wording import quoted

LONGEST_HEADER = 16 << 10


class RecordNumber(IntegerConverter):
    """The number of a load or build, up to the largest that the warehouse can hold."""

    regex = "[0-9]+"  # \d would take the digits of every script

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MAX_ID)


# In the order of the OpenAPI document.
RESOURCES = (
    *(metrics, uploads, batches, tables, readings, backups, loads, rejects, builds),
    *(pages, health, status, monitoring, openapi),
)


def register(app: Flask) -> None:
    """Register the views and the error handlers with the application."""
    app.url_map.converters["number"] = RecordNumber
    # A path with two slashes is unknown; it is not redirected.
    app.url_map.merge_slashes = False
    for resource in RESOURCES:
        app.register_blueprint(resource.bp)
    problems.register(app)
    app.before_request(_check_header_lengths)
    app.after_request(_add_default_headers)


def openapi_document(facts: Facts) -> Node:
    """The OpenAPI document without a server, from the project's files alone."""
    app = Flask(__name__, static_folder=None)
    register(app)
    return document(facts, openapi.documented_routes(app))


def route_finder(app: Flask) -> Callable[[str, str], str]:
    """A function that returns the template of a method and path, or "other"."""
    adapter = app.url_map.bind("")

    def template(method: str, path: str) -> str:
        try:
            rule, _ = adapter.match(path, method, return_rule=True)
        except MethodNotAllowed as error:
            first = sorted(error.valid_methods or ["GET"])[0]
            return template(first, path)
        except HTTPException:
            return "other"
        return openapi.template_of(rule.rule)

    return template


def _check_header_lengths() -> None:
    """Raise BadRequest for a long header: 75,000 media types take a second to parse."""
    for name, value in request.headers:
        if len(value) > LONGEST_HEADER:
            raise BadRequest(
                f"The header {quoted(name)} is {len(value):,} characters long;"
                f" {LONGEST_HEADER:,} are the most."
            )


def _add_default_headers(response: Response) -> Response:
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    return response
