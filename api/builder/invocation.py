"""How one invocation of dbt ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Failures = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Invocation:
    """How one invocation of dbt ended; `message` is empty after a success.

    `failures` say what is wrong with a project that dbt could not begin to build.
    """

    invocation_id: str
    succeeded: bool
    message: str
    failures: Failures = ()
