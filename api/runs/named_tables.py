"""Models and tests of a run that read tables by their names, past what keeps count."""

from __future__ import annotations

from api.contract.sql_names import UPLOADS, Known, tables_named
from api.runs import messages
from api.runs.facts import Nodes
from api.runs.failures import Failure

READING = ("model", "test")
BUILT = ("model", "seed", "snapshot")


def failures_of_names(nodes: Nodes) -> list[Failure]:
    """One for each table that the SQL of the project names itself."""
    known = Known(
        uploads={
            str(node["name"]).lower()
            for node in nodes.values()
            if node["resource_type"] == "source" and node.get("source_name") == UPLOADS
        },
        built={
            str(node["name"]).lower()
            for node in nodes.values()
            if node["resource_type"] in BUILT
        },
    )
    found = []
    for node in nodes.values():
        if node["resource_type"] not in READING:
            continue
        is_model = node["resource_type"] == "model"
        for _, what in tables_named(node.get("raw_code") or "", known, is_model):
            words = messages.wrong(f"The SQL of {node['name']}", None, what)
            found.append(
                {
                    "name": node["name"],
                    "kind": node["resource_type"],
                    "file": node["original_file_path"],
                    "line": None,
                    "status": "error",
                    "rows": None,
                    "message": what,
                    "words": words,
                    "sample": [],
                }
            )
    return found
