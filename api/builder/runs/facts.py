"""What dbt wrote down of a run; see dbt_project/warehouse/record_run.sql."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A node of dbt's manifest, as its JSON has it.
Node = Mapping[str, Any]
Nodes = Mapping[str, Node]
# By model: which run built it last, and from how much of the ledger.
States = Mapping[str, tuple[str, int]]

PASSED = {"success", "pass", "warn", "no-op"}
# The worst first.
REPORTED = ("error", "runtime error", "partial success", "fail", "warn")


@dataclass(frozen=True)
class Result:
    """What came of one node; `rows` are up to five that a data test found."""

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

    `command` is dbt's: build, run, test. `states` are the models' when it began,
    `nodes` the project as dbt had read it, sources and unit tests among them, by id.
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
