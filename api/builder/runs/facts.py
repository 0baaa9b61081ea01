"""The facts that dbt records of a run; see dbt_project/warehouse/record_run.sql."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A node of dbt's manifest, as in its JSON.
Node = Mapping[str, Any]
Nodes = Mapping[str, Node]
# By model: the run that built it last, and the newest load it holds.
States = Mapping[str, tuple[str, int]]

PASSED = {"success", "pass", "warn", "no-op"}
# The worst first.
REPORTED = ("error", "runtime error", "partial success", "fail", "warn")


@dataclass(frozen=True)
class Result:
    """The result of one node; `rows` are up to five failing rows of a data test."""

    unique_id: str
    status: str
    message: str | None = None
    failures: int | None = None
    seconds: float = 0.0
    rows: Sequence[dict[str, Any]] = ()

    @property
    def passed(self) -> bool:
        return self.status in PASSED


@dataclass(frozen=True)
class DbtRun:
    """One run of dbt. Times are UTC.

    `command` is dbt's: build, run, test. `states` are those of the models when the run
    began. `nodes` is the project as dbt parsed it, by id, with sources and unit tests.
    """

    invocation_id: str
    owner: str
    command: str
    is_empty: bool
    started_at: str
    finished_at: str
    last_load_id: int
    last_request_id: int
    states: States
    nodes: Nodes
    results: Sequence[Result]

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.passed]
