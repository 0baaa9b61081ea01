"""The whole document: every path, and the schemas that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from api.openapi.about import ABOUT
from api.openapi.access import SCHEMES, with_access
from api.openapi.operations import Facts, expanded, operations_of
from api.openapi.parts import Node
from api.openapi.schemas import component_schemas, row_schemas

# The template of a path, a method in lower case, and their view.
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
    """The OpenAPI document of those of the routes whose view is documented."""
    shapes: set[Any] = set()
    paths: Node = {}
    for template, method, view in routes:
        for value, node in operations_of(view, facts).items():
            path = template.replace("{name}", value) if value else template
            paths.setdefault(path, {})[method] = node
    paths = with_access(paths, facts.has_keys, facts.protect_metrics)
    paths = expanded(paths, facts, shapes)
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
