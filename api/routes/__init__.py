"""HTTP: one module per noun. A route parses, calls one thing, words the answer."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.routing import IntegerConverter, Map

from api.context import Context
from api.routes import (
    backups,
    builds,
    docs,
    health,
    loads,
    metrics,
    problems,
    tables,
    undo,
    uploads,
)
from api.routes.reading import NEWEST
from api.security_headers import DEFAULTS


class RecordNumber(IntegerConverter):
    """The number of a load or build, as far as the warehouse can count."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=NEWEST)


def register(app: Flask, context: Context) -> None:
    """Put every route and the one shape of errors on the application."""
    app.url_map.converters["number"] = RecordNumber
    # An address is right or it is not: nobody is sent elsewhere.
    app.url_map.merge_slashes = False
    for noun in (health, metrics, tables, uploads, loads, undo, backups, builds, docs):
        app.register_blueprint(noun.routes(context))
    problems.register(app)
    app.after_request(_with_defaults)


def _with_defaults(response: Response) -> Response:
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    return response
