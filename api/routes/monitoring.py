"""Figures for Prometheus: of requests, and of the warehouse."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.errors import UndeclaredParameter
from api.observability.figures import exposition
from api.observability.warehouse import WarehouseFigures
from api.openapi.operations import operation
from api.openapi.parts import answer, as_text
from api.routes.context import context
from api.routes.parameters import declared_only

bp = Blueprint("monitoring", __name__)


@bp.get("/prometheus")
@operation(
    "service",
    "Figures of requests, loads, builds and files, for Prometheus",
    responses={
        "200": answer(
            "Figures of requests, loads, builds and files, for Prometheus.",
            as_text("text/plain"),
        )
    },
    raises=(UndeclaredParameter,),
)
def prometheus() -> Response:
    declared_only()
    warehouse = context().warehouse
    figures = WarehouseFigures(
        warehouse.stats.read(),
        warehouse.engine.packages,
        context().builder_is_running,
    )
    return Response(exposition(figures), content_type=CONTENT_TYPE_LATEST)
