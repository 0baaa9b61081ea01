"""Models and tests of a run that read tables by their names, past what keeps count."""

from __future__ import annotations

from api.builder.runs import messages
from api.builder.runs.facts import Nodes
from api.builder.runs.failures import Failure, failure
from api.contract.hard_coded_names import UPLOADS, KnownTables, hard_coded_tables

READING = ("model", "test")
BUILT = ("model", "seed", "snapshot")


def failures_of_names(nodes: Nodes) -> list[Failure]:
    """One for each table that the SQL of the project names itself."""
    known = KnownTables(
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
        name, kind = node["name"], node["resource_type"]
        if kind not in READING:
            continue
        file = node["original_file_path"]
        for _, what in hard_coded_tables(
            node.get("raw_code") or "", known, kind == "model"
        ):
            words = messages.wrong(f"The SQL of {name}", None, what)
            found.append(failure(name, kind, file, what, words))
    return found
