"""What is asked of the sender of a file that can be read in several ways, or in none.

A question stands beside the problem's `detail`, for programs that show it to a person:
`field` is the form field that answers it, `choices` the values that it may have, each
with a sample of the file as it would read. For the field `columns` there are `columns`
instead: the file's headers, each with the values below it and our column, if certain.
For the field `dates` the one in `columns` has the cell that reads either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Question = dict[str, Any]


def of_choices(field: str, samples: Mapping[str, str]) -> Question:
    """Which value of the field is meant; the samples are by value."""
    choices = [{"value": n, "sample": sample} for n, sample in samples.items()]
    return {"field": field, "choices": choices, "columns": []}
