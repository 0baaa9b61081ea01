"""Probes: is the process alive, and can it do its work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from api.context import Context
from api.documents.service import Alive, Parts, Readiness
from api.errors import NotReady
from api.routes.reading import declared_only


def routes(context: Context) -> Blueprint:
    """The routes of the probes."""
    noun = Blueprint("health", __name__, url_prefix="/health")

    @noun.get("/live")
    def live() -> Response:
        declared_only()
        body: Alive = {"status": "alive"}
        return jsonify(body)

    @noun.get("/ready")
    def ready() -> tuple[Response, int]:
        declared_only()
        running = context.builder_is_running
        parts: Parts = {
            "metrics": _metrics(context),
            "builder": "ready" if running else "no builder is running",
        }
        ok = parts["metrics"] == parts["builder"] == "ready"
        body: Readiness = {"status": "ready" if ok else "not ready", "parts": parts}
        return jsonify(body), 200 if ok else 503

    return noun


def _metrics(context: Context) -> str:
    try:
        context.warehouse.marts.served()
    except NotReady as error:
        return error.detail
    return "ready"
