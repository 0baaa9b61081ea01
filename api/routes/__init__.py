"""HTTP: a module a noun, with its views, the shapes of its answers, its OpenAPI.

A view parses, calls one thing, and words the answer.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from api.errors import BadRequest
from api.middleware.security_headers import DEFAULTS
from api.openapi import Facts, document
from api.openapi.parts import NEWEST, Node
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
    """The number of a load or build, as far as the warehouse can count."""

    regex = "[0-9]+"  # \d would take the digits of every script

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=NEWEST)


# In the order in which the OpenAPI document has them.
NOUNS = (
    *(metrics, uploads, batches, tables, readings, backups, loads, rejects, builds),
    *(pages, health, status, monitoring, openapi),
)


def register(app: Flask) -> None:
    """Put every view and the one shape of errors on the application."""
    app.url_map.converters["number"] = RecordNumber
    # An address is right or it is not: nobody is sent elsewhere.
    app.url_map.merge_slashes = False
    for noun in NOUNS:
        app.register_blueprint(noun.bp)
    problems.register(app)
    app.before_request(_refuse_long_headers)
    app.after_request(_with_defaults)


def openapi_document(facts: Facts) -> Node:
    """The OpenAPI document without a server, as far as the project's files have it."""
    app = Flask(__name__, static_folder=None)
    register(app)
    return document(facts, openapi.documented(app))


def templates(app: Flask) -> Callable[[str, str], str]:
    """What finds the template of a method and path, "other" where there is no route."""
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


def _refuse_long_headers() -> None:
    """To weigh 75,000 media types would take a second of everybody's time."""
    for name, value in request.headers:
        if len(value) > LONGEST_HEADER:
            raise BadRequest(
                f"The header {quoted(name)} is {len(value):,} characters long;"
                f" {LONGEST_HEADER:,} are the most."
            )


def _with_defaults(response: Response) -> Response:
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    return response
