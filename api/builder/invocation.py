"""The result of one invocation of dbt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Failures = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Invocation:
    """The result of one invocation of dbt; `message` is empty after a success.

    `failures` are those of a project that dbt could not begin to build.
    """

    invocation_id: str
    succeeded: bool
    message: str
    failures: Failures = ()
