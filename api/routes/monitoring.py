"""Figures for Prometheus: of the requests, and of the warehouse at this moment."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.observability.figures import exposition
from api.observability.warehouse import WarehouseFigures
from api.routes.context import Context
from api.routes.reading import declared_only


def routes(context: Context) -> Blueprint:
    """The route of the figures."""
    noun = Blueprint("monitoring", __name__)

    @noun.get("/prometheus")
    def prometheus() -> Response:
        declared_only()
        standing = context.warehouse.watch.standing()
        packages = context.warehouse.engine.packages
        figures = WarehouseFigures(standing, packages, context.builder_is_running)
        return Response(exposition(figures), content_type=CONTENT_TYPE_LATEST)

    return noun
