"""Probes: is the process alive, and can it do its work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from api.context import Context
from api.errors import NotReady


def routes(context: Context) -> Blueprint:
    """The routes of the probes."""
    noun = Blueprint("health", __name__, url_prefix="/health")

    @noun.get("/live")
    def live() -> Response:
        return jsonify(status="alive")

    @noun.get("/ready")
    def ready() -> tuple[Response, int]:
        parts = {
            "metrics": _metrics(context),
            "builder": "ready"
            if context.builder_is_running
            else "no builder is running",
        }
        ok = all(state == "ready" for state in parts.values())
        body = jsonify(status="ready" if ok else "not ready", parts=parts)
        return body, 200 if ok else 503

    return noun


def _metrics(context: Context) -> str:
    try:
        context.warehouse.marts.served()
    except NotReady as error:
        return error.detail
    return "ready"
