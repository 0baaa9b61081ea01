"""What dbt's tests do not check before a run is published.

SQL names no table by itself, the marts keep the contract, and their values are of the
types in their YAML.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.builder.runs import messages
from api.builder.runs.catalogue import Document
from api.builder.runs.facts import Nodes
from api.builder.runs.failures import Failure, failure
from api.contract.data_types import DATA_TYPES
from api.contract.hard_coded_names import UPLOADS, KnownTables, hard_coded_tables
from api.contract.reader import check_marts
from api.errors import ContractError
from api.wording import count

READING = ("model", "test")
BUILT = ("model", "seed", "snapshot")
# How many other cells identify a row in an explanation.
MOST_CELLS = 3


def named_table_failures(nodes: Nodes) -> list[Failure]:
    """A failure for each table that SQL names without `ref` or `newest_rows`."""
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
    failures = []
    for node in nodes.values():
        name, kind = node["name"], node["resource_type"]
        if kind not in READING:
            continue
        sql, file = node.get("raw_code") or "", node["original_file_path"]
        for _, defect in hard_coded_tables(sql, known, kind == "model"):
            explanation = messages.error_sentence(f"The SQL of {name}", None, defect)
            failures.append(failure(name, kind, file, defect, explanation))
    return failures


def contract_failures(documents: Mapping[str, Document]) -> list[Failure]:
    """A failure for each defect of the marts' contract."""
    try:
        check_marts([document["contract"] for document in documents.values()])
    except ContractError as error:
        return [_contract_failure(defect, documents) for defect in error.defects]
    return []


def misfit_failure(
    document: Document, column: str, rows: int, sample: Sequence[Mapping[str, Any]]
) -> Failure:
    """The failure of a mart's column with values that are not of its type.

    `rows` counts them; `sample` holds some of these rows, at least one.
    """
    contract = document["contract"]
    types = {c["name"]: c["data_type"] for c in contract["columns"]}
    shown = [{name: _json_value(cell) for name, cell in row.items()} for row in sample]
    first = sample[0]
    others = [name for name in types if name != column][:MOST_CELLS]
    where = " and ".join(f"{name} is {_short(first[name])}" for name in others)
    promised = DATA_TYPES[types[column]].expected_in_mart
    explanation = (
        f"{column} of {contract['name']} has to be {promised}; it is"
        f" {_short(first[column])}{f' where {where}' if where else ''}."
        f" {count(rows, 'row')} {'has' if rows == 1 else 'have'} such a value."
    )
    return failure(
        contract["name"],
        "model",
        document["file"],
        explanation,
        explanation,
        rows=rows,
        sample=shown,
    )


def _contract_failure(defect: str, documents: Mapping[str, Document]) -> Failure:
    """With the file of the mart that the defect names, if it names one."""
    named = re.match(r"model (\w+)", defect)
    document = documents.get(named[1]) if named else None
    file = document["file"] if document else None
    name = named[1] if named else "project"
    return failure(name, "project", file, defect, defect)


def _json_value(cell: Any) -> Any:
    """The cell, or its text where JSON has no such number."""
    is_finite = not isinstance(cell, float) or math.isfinite(cell)
    return cell if is_finite else str(cell)


def _short(cell: Any) -> str:
    text = "missing" if cell is None else repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."
