"""HTTP: one module per noun. A route parses, calls one thing, words the answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map

from api.context import Context
from api.routes import (
    builds,
    docs,
    health,
    loads,
    metrics,
    monitoring,
    problems,
    tables,
    uploads,
)
from api.routes.reading import NEWEST


class RecordNumber(IntegerConverter):
    """The number of a load or build, as far as the warehouse can count."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=NEWEST)


def register(app: Flask, context: Context) -> None:
    """Put every route and the one shape of errors on the application."""
    app.url_map.converters["number"] = RecordNumber
    # An address is right or it is not: nobody is sent elsewhere.
    app.url_map.merge_slashes = False
    for noun in (health, monitoring, metrics, tables, uploads, loads, builds, docs):
        app.register_blueprint(noun.routes(context))
    problems.register(app)


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
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)

    return template
