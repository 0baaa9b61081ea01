"""The outcome of a run: published, not published for a reason, or failed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from api.builder.runs.audit import why_incomplete
from api.builder.runs.catalogue import Document, documents_of, endpoint_of
from api.builder.runs.facts import DbtRun
from api.builder.runs.failures import Failure, failures_of
from api.builder.runs.publish_checks import contract_failures, named_table_failures

Status = Literal["published", "not_published", "failed"]


@dataclass(frozen=True)
class Stop:
    """Why a run was stopped, and the ids of the nodes that were running.

    `gave_way` where the next run starts at once.
    """

    why: str
    steps: frozenset[str]
    gave_way: bool = False


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run, explained in one sentence, with all its failures.

    `settles` is False where another run follows by itself, so that clients who wait for
    a build wait on. `documents` are those of the marts to publish, by table name.
    """

    status: Status
    explanation: str
    failures: list[Failure] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    settles: bool = True


def outcome_of(
    run: DbtRun,
    known_to_pass: Collection[str],
    before: Mapping[str, Document],
    texts: Mapping[str, str],
    named_in_errors: re.Pattern[str],
    warnings: Sequence[Failure],
    stop: Stop | None = None,
) -> Outcome:
    """Judge a run by its facts; whether its models still exist is not among them.

    For the arguments see `why_incomplete`, `documents_of` and `failures_of`; `warnings`
    are those of `sql_lint`.
    """
    failures = failures_of(run, texts, named_in_errors)
    if stop and run.failed:
        return _stopped(stop, run, failures)
    failures += warnings
    if why := why_incomplete(run, known_to_pass):
        return Outcome("not_published", f"Not published: {why}", failures)
    if run.failed:
        return Outcome("failed", _steps_failed(run), failures)
    if named := named_table_failures(run.nodes):
        explanation = f"Not published: {named[0]['words']}"
        return Outcome("failed", explanation, [*named, *failures])
    documents = documents_of(run, before)
    if broken := contract_failures(documents):
        explanation = f"Not published: {broken[0]['words']}"
        return Outcome("failed", explanation, [*broken, *failures])
    names = ", ".join(map(endpoint_of, documents.values()))
    names = names or "no mart, for there is none"
    return Outcome("published", f"Published {names}.", failures, documents)


def _stopped(stop: Stop, run: DbtRun, failures: list[Failure]) -> Outcome:
    """The reason of the stop, in place of the database's errors of interruption."""
    names = {run.nodes[id]["name"] for id in stop.steps if id in run.nodes}
    unfinished = [
        failure | {"words": f"{failure['name']} was not finished. {stop.why}"}
        for failure in failures
        if failure["name"] in names
    ]
    explanation = f"Not published. {stop.why}"
    if stop.gave_way:
        return Outcome("not_published", explanation, settles=False)
    return Outcome("failed", explanation, unfinished)


def _steps_failed(run: DbtRun) -> str:
    skipped = sum(result.status == "skipped" for result in run.failed)
    failed, left = len(run.failed) - skipped, "the last good marts stay."
    if skipped:
        left = f"{skipped} were skipped for it; {left}"
    return f"Not published: {failed} of {len(run.results)} steps failed; {left}"
