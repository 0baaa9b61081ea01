"""The whole document: every address, and the schemas that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from api.openapi.about import ABOUT
from api.openapi.access import SCHEMES, guarded
from api.openapi.operations import Facts, Node, operations_of, resolved
from api.openapi.schemas import component_schemas, row_schemas

# A path template, a method in lower case, and the view that answers there.
Route = tuple[str, str, Callable[..., Any]]

TAGS = {
    "metrics": "The published marts: only what passed every test is ever served.",
    "uploads": "The two doors that rows come in by.",
    "tables": "What a row of each upload table has to be like.",
    "loads": "The ledger of what came in, and what was refused.",
    "builds": "How rows became numbers, and what failed.",
    "service": "Probes, and this document.",
}


def document(facts: Facts, routes: Iterable[Route]) -> Node:
    """The OpenAPI document of the documented views among these."""
    shapes: set[Any] = set()
    paths: Node = {}
    for template, method, view in routes:
        for value, node in operations_of(view, facts).items():
            path = template.replace("{name}", value) if value else template
            paths.setdefault(path, {})[method] = node
    paths = guarded(paths, facts.has_keys, facts.protect_metrics)
    paths = resolved(paths, facts, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hiring metrics",
            "version": "1",
            "summary": "Rows in over HTTP, audited marts by dbt, metrics out.",
            "description": ABOUT,
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": [{"name": n, "description": about} for n, about in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": SCHEMES,
            "schemas": {
                **component_schemas(shapes),
                **row_schemas(facts.marts.values(), facts.tables),
            },
        },
    }
