"""The whole document: every address, and the schemas that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.contract import Contract, Mart
from api.openapi import backups, metrics, records, service, uploads
from api.openapi import tables as upload_tables
from api.openapi.about import ABOUT
from api.openapi.access import SCHEMES, guarded
from api.openapi.schemas import component_schemas

Node = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

TAGS = {
    "metrics": "The published marts: only what passed every test is ever served.",
    "uploads": "The two doors that rows come in by.",
    "tables": "What a row of each upload table has to be like.",
    "loads": "The ledger of what came in, and what was refused.",
    "builds": "How rows became numbers, and what failed.",
    "service": "Probes, and this document.",
}


@dataclass(frozen=True)
class Facts:
    """What the document is made from.

    `marts` are those that are served, `examples` some rows of each by endpoint;
    `samples` are some rows of each upload table, by name, that anybody may see.
    `has_keys` and `protect_metrics` say who is asked for a key.
    """

    contract: Contract
    marts: Mapping[str, Mart]
    examples: Mapping[str, Rows]
    samples: Mapping[str, Rows]
    has_keys: bool
    protect_metrics: bool


def document(facts: Facts) -> Node:
    """The OpenAPI document of the service as it is now."""
    tables = list(facts.contract.tables.values())
    marts = [facts.marts[endpoint] for endpoint in sorted(facts.marts)]
    paths = {
        **metrics.paths(marts, facts.examples),
        **uploads.paths(tables, facts.samples),
        **upload_tables.paths(tables),
        **backups.paths(tables),
        **records.paths(),
        **service.paths(),
    }
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
        "paths": guarded(paths, facts.has_keys, facts.protect_metrics),
        "components": {
            "securitySchemes": SCHEMES,
            "schemas": {
                **component_schemas(),
                **metrics.schemas(marts),
                **uploads.schemas(tables),
            },
        },
    }
