"""The service's own addresses: probes, this document, and pages for people."""

from __future__ import annotations

from typing import Any

from api import errors
from api.openapi.parts import answer, as_json, problems
from api.openapi.schemas import ref

Node = dict[str, Any]


def paths() -> Node:
    """Where to begin, how it is, and what there is to read."""
    page = {"text/html": {"schema": {"type": "string"}}}
    ready = as_json(ref("Readiness"))
    return {
        "/": {"get": _get("index", "Where to go on", as_json(ref("Index")) | page)},
        "/health/live": {
            "get": _get("live", "Whether the process answers", as_json(ref("Alive")))
        },
        "/health/ready": {
            "get": _get("ready", "Whether it can do its work", ready)
            | {
                "responses": {
                    "200": answer("It can.", ready),
                    "503": answer("It cannot; the parts tell why.", ready),
                    **problems(errors.UndeclaredParameter),
                }
            }
        },
        "/status": {
            "get": _get(
                "status",
                "What is served, how the last build ended, and what is still to come",
                as_json(ref("Status")),
                "ETag",
            )
        },
        "/prometheus": {
            "get": _get(
                "prometheus",
                "Figures of requests, loads, builds and files, for Prometheus",
                {"text/plain": {"schema": {"type": "string"}}},
            )
        },
        "/openapi.json": {
            "get": _get("openapi", "This document", as_json({"type": "object"}), "ETag")
        },
        "/docs": {"get": _get("docs", "This document as a page", page)},
        "/lineage": {"get": _lineage(page)},
    }


def _get(name: str, summary: str, content: Node, *header: str) -> Node:
    """An address that takes no parameters."""
    found: Node = {"200": answer(f"{summary}.", content, header)}
    if header:
        found["304"] = answer("What you have is what is served.", header=header)
    return {
        "operationId": name,
        "tags": ["service"],
        "summary": summary,
        "responses": {**found, **problems(errors.UndeclaredParameter)},
    }


def _lineage(page: Node) -> Node:
    return _get("lineage", "What is built from what, dbt's own docs", page, "ETag") | {
        "responses": {
            "200": answer("The page of the published project.", page, ["ETag"]),
            "304": answer("What you have is what is served.", header=["ETag"]),
            **problems(errors.UndeclaredParameter, errors.NotReady),
        }
    }
