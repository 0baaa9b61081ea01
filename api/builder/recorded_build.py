"""The record of a run of dbt, made when it is judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.builder.checkout import Version
from api.builder.runs.catalogue import endpoint_of
from api.builder.runs.facts import DbtRun
from api.builder.runs.outcome import Outcome


def build_of(
    run: DbtRun,
    outcome: Outcome,
    rows: Mapping[str, int],
    last_load_id: int,
    digest: str,
    version: Version | None,
) -> dict[str, Any]:
    """The record of a run, by the columns of published.builds."""
    return {
        "invocation_id": run.invocation_id,
        "owner": run.owner,
        "status": outcome.status,
        "outcome": outcome.explanation,
        "settles": int(outcome.settles),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "last_load_id": last_load_id,
        "last_request_id": run.last_request_id,
        "project_digest": digest,
        "steps": [
            {
                "name": run.nodes[result.unique_id]["name"],
                "kind": run.nodes[result.unique_id]["resource_type"],
                "status": result.status,
                "seconds": result.seconds,
            }
            for result in run.results
            if result.unique_id in run.nodes
        ],
        "failures": outcome.failures,
        "marts": {
            endpoint_of(document): rows.get(name)
            for name, document in outcome.documents.items()
        },
        "project": json.dumps(version),
    }
