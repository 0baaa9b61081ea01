"""Words for values of a mart that are not of the types that its YAML promises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from api.builder.runs.catalogue import Document
from api.builder.runs.failures import Failure, failure
from api.contract.data_types import DATA_TYPES
from api.wording import count

# So many cells tell which row it is.
MOST_CELLS = 3


def failure_of_misfit(
    document: Document, column: str, rows: int, sample: Sequence[Mapping[str, Any]]
) -> Failure:
    """What is reported of a column of a mart that holds values of another type.

    `rows` is how many hold one, `sample` some of them, one at least.
    """
    contract = document["contract"]
    types = {c["name"]: c["data_type"] for c in contract["columns"]}
    shown = [{name: _in_json(cell) for name, cell in row.items()} for row in sample]
    first = sample[0]
    others = [name for name in types if name != column][:MOST_CELLS]
    where = " and ".join(f"{name} is {_short(first[name])}" for name in others)
    promised = DATA_TYPES[types[column]].expected_in_mart
    words = (
        f"{column} of {contract['name']} has to be {promised}; it is"
        f" {_short(first[column])}{f' where {where}' if where else ''}."
        f" {count(rows, 'row')} {'has' if rows == 1 else 'have'} such a value."
    )
    name, file = contract["name"], document["file"]
    return failure(name, "model", file, words, words, rows=rows, sample=shown)


def _in_json(cell: Any) -> Any:
    """JSON has no name for infinity."""
    is_named = not isinstance(cell, float) or math.isfinite(cell)
    return cell if is_named else str(cell)


def _short(cell: Any) -> str:
    text = "missing" if cell is None else repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}..."
