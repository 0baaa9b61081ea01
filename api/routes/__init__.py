"""HTTP: one module per noun. A route parses, calls one thing, words the answer."""

from __future__ import annotations

from flask import Flask

from api.context import Context
from api.routes import builds, docs, health, loads, metrics, problems, tables, uploads


def register(app: Flask, context: Context) -> None:
    """Put every route and the one shape of errors on the application."""
    for noun in (health, metrics, tables, uploads, loads, builds, docs):
        app.register_blueprint(noun.routes(context))
    problems.register(app)
