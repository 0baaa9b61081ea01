"""How one invocation of dbt ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Failures = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Outcome:
    """How one invocation of dbt ended; `message` is empty after a success."""

    invocation_id: str
    succeeded: bool
    message: str
    # What is wrong with a project that cannot be built, as the record tells it.
    failures: Failures = ()
