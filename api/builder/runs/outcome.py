"""What becomes of a run: published, not published for a reason, or failed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from api.builder.runs.audit import why_not_whole
from api.builder.runs.catalogue import Document, documents_of, endpoint_of
from api.builder.runs.facts import DbtRun
from api.builder.runs.failures import Failure, failure, failures_of
from api.builder.runs.named_tables import failures_of_names
from api.contract.reader import check_marts
from api.errors import ContractError

Status = Literal["published", "not_published", "failed"]


@dataclass(frozen=True)
class Stop:
    """Why a run was stopped, and the ids of the nodes that it was at.

    `gave_way` where the next run is about to begin.
    """

    why: str
    steps: frozenset[str]
    gave_way: bool = False


@dataclass(frozen=True)
class Outcome:
    """What becomes of a run, in one sentence, and everything that did not pass.

    `settles` where nothing follows by itself: who waits for a build need not wait on.
    `documents` are those of the marts to publish, by name; none without `published`.
    """

    status: Status
    words: str
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
    """Judge a run by its facts; whether its models are still there is not among them.

    See `why_not_whole`, `documents_of` and `failures_of` for the arguments; `warnings`
    are of its SQL.
    """
    failures = failures_of(run, texts, named_in_errors)
    if stop and run.failed:
        return _stopped(stop, run, failures)
    failures += warnings
    if why := why_not_whole(run, known_to_pass):
        return Outcome("not_published", f"Not published: {why}", failures)
    if run.failed:
        return Outcome("failed", _failed(run), failures)
    if named := failures_of_names(run.nodes):
        words = f"Not published: {named[0]['words']}"
        return Outcome("failed", words, [*named, *failures])
    documents = documents_of(run, before)
    try:
        check_marts([document["contract"] for document in documents.values()])
    except ContractError as error:
        broken = [_of_contract(text, documents) for text in error.defects]
        words = f"Not published: {error.defects[0]}"
        return Outcome("failed", words, [*broken, *failures])
    names = ", ".join(map(endpoint_of, documents.values()))
    names = names or "no mart, for there is none"
    return Outcome("published", f"Published {names}.", failures, documents)


def _stopped(stop: Stop, run: DbtRun, failures: list[Failure]) -> Outcome:
    """Of what the database said, that it was interrupted, nobody need hear."""
    names = {run.nodes[id]["name"] for id in stop.steps if id in run.nodes}
    at_work = [
        failure | {"words": f"{failure['name']} was not finished. {stop.why}"}
        for failure in failures
        if failure["name"] in names
    ]
    words = f"Not published. {stop.why}"
    if stop.gave_way:
        return Outcome("not_published", words, settles=False)
    return Outcome("failed", words, at_work)


def _failed(run: DbtRun) -> str:
    skipped = sum(result.status == "skipped" for result in run.failed)
    failed, left = len(run.failed) - skipped, "the last good marts stay."
    if skipped:
        left = f"{skipped} were skipped for it; {left}"
    return f"Not published: {failed} of {len(run.results)} steps failed; {left}"


def _of_contract(text: str, documents: Mapping[str, Document]) -> Failure:
    """A mistake in what the YAML of a mart says, by its file where it names a mart."""
    named = re.match(r"model (\w+)", text)
    document = documents.get(named[1]) if named else None
    file = document["file"] if document else None
    return failure(named[1] if named else "project", "project", file, text, text)
