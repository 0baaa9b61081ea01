"""Judges runs of dbt, the builder's own and those from terminals, and publishes."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from api.builder.checkout import Checkout, Version
from api.builder.recorded_build import build_of
from api.builder.runs.audit import (
    audited_load_id,
    audited_run,
    builder_of,
    removed_models,
)
from api.builder.runs.facts import DbtRun, Nodes, Result
from api.builder.runs.failures import Failure
from api.builder.runs.outcome import Outcome, Stop, outcome_of
from api.builder.runs.publish_checks import misfit_failure
from api.builder.runs.sql_lint import lint_warnings
from api.contract.files import Project
from api.observability.logs import log_event
from api.warehouse.engines import LEASE_OWNER, BuilderStore, Position, Publishing, Row
from api.warehouse.utc import utc_text

SUPERSEDED = (
    "Not published: another dbt run has rebuilt a model since. Run `dbt build` again."
)
UNRECORDED = (
    "Not published: dbt has left no record of the run. In dbt_project.yml on-run-start"
    " has to call start_run(), and on-run-end record_run(results), whatever else they"
    " do."
)
UNREADABLE = (
    "Not published: what dbt has recorded of the run cannot be read; the log tells why."
)
# Another version of dbt may have recorded a run in another form.
OF_OTHER_FACTS = (LookupError, TypeError, ValueError, AttributeError)
SEVERAL = (
    "Not published: the models were not all built by one run; `dbt build` builds, tests"
    " and publishes."
)


class Judge:
    """Judges a run, publishes its marts if it is good, and records it."""

    def __init__(self, engine: BuilderStore, project: Project) -> None:
        self._engine = engine
        self._project = project
        self._checkout = Checkout(project)

    def own(
        self,
        invocation_id: str,
        nodes: Nodes,
        known_to_pass: Collection[str],
        digest: str,
        stop: Stop | None = None,
    ) -> tuple[Outcome, Position] | None:
        """Judge the builder's run that just ended; None if dbt recorded no facts.

        Returns the outcome and the position in the ledger that the run has read up to,
        which may be ahead of the position before it began.

        `nodes` is the project as it was built, `known_to_pass` the tests that it left
        out, `stop` why it was stopped, if it was.
        """
        judged = None
        for row in self._engine.record.waiting_runs():
            if row["invocation_id"] == invocation_id:
                run = self._run(row, nodes)
                position = Position(run.last_load_id, run.last_request_id)
                judged = self._judge(run, known_to_pass, digest, stop), position
            else:
                self._judge(self._run(row))
        return judged

    def others(self) -> list[Outcome]:
        """Judge the runs from terminals that have ended since the last look."""
        waiting = self._engine.record.waiting_runs()
        return [self._judge(self._run(row)) for row in waiting]

    def unrecorded(
        self,
        failures: Sequence[dict[str, Any]],
        position: Position,
        started_at: datetime,
    ) -> tuple[str, Outcome]:
        """Record a run that dbt did not record, under a new id.

        dbt could not begin, or, without `failures`, its hooks did not record the run.
        Each load into a broken project has such a failed build.
        """
        invocation_id = str(uuid.uuid4())
        outcome = Outcome("not_published", UNRECORDED)
        if failures:
            words = f"Not published: {failures[0]['words']}"
            outcome = Outcome("failed", words, list(failures))
        run = DbtRun(
            invocation_id=invocation_id,
            owner=LEASE_OWNER,
            command="build",
            is_empty=False,
            started_at=utc_text(started_at),
            finished_at=utc_text(),
            last_load_id=position.load_id,
            last_request_id=position.request_id,
            states={},
            nodes={},
            results=(),
        )
        version = self._version(run)
        self._engine.record.add(
            build_of(run, outcome, {}, run.last_load_id, "", version)
        )
        return invocation_id, outcome

    def _version(self, run: DbtRun, digest: str = "") -> Version | None:
        """The checkout's version; None for a terminal, which may have other files."""
        if run.owner != LEASE_OWNER:
            return None
        before = self._engine.record.newest_build(published=True)
        published = json.loads(before.get("project") or "null")
        return self._checkout.version(digest, published)

    def _run(self, row: Row, nodes: Nodes | None = None) -> DbtRun:
        """A run as dbt recorded it; a run from a terminal recorded its nodes, too."""
        found = self._engine.record.results_of(row["invocation_id"])
        return DbtRun(
            invocation_id=row["invocation_id"],
            owner=row["owner"],
            command=row["command"],
            is_empty=bool(row["is_empty"]),
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            last_load_id=row["last_load_id"],
            last_request_id=row["last_request_id"],
            states={
                state["model"]: (state["invocation_id"], state["last_load_id"])
                for state in json.loads(row["states"])
            },
            nodes=nodes or json.loads(row["nodes"] or "{}"),
            results=[
                Result(
                    unique_id=result["unique_id"],
                    status=result["status"],
                    message=result["message"],
                    failures=result["failures"],
                    seconds=result["seconds"],
                    rows=json.loads(result["failing_rows"]),
                )
                for result in found
            ],
        )

    def _warnings(self, run: DbtRun, texts: Mapping[str, str]) -> list[Failure]:
        """The warnings about its SQL; `_outcome` reports a run that cannot be read."""
        with suppress(*OF_OTHER_FACTS):
            return lint_warnings(run.nodes, texts, self._engine.dialect)
        return []

    def _outcome(
        self,
        run: DbtRun,
        known_to_pass: Collection[str],
        before: dict[str, Row],
        texts: Mapping[str, str],
        warnings: Sequence[Failure],
        stop: Stop | None,
    ) -> Outcome:
        """The outcome by the run's facts alone."""
        named = self._engine.named_in_errors
        try:
            return outcome_of(run, known_to_pass, before, texts, named, warnings, stop)
        except OF_OTHER_FACTS as error:
            log_event("run_unreadable", logging.ERROR, error, run=run.invocation_id)
            return Outcome("failed", UNREADABLE)

    def _judge(
        self,
        run: DbtRun,
        known_to_pass: Collection[str] = (),
        digest: str = "",
        stop: Stop | None = None,
    ) -> Outcome:
        """Judge and publish in one transaction, isolated from other runs."""
        version = self._version(run, digest)
        texts = self._project.texts()
        # Parsed before the transaction, which others wait for and which takes less.
        warnings = self._warnings(run, texts)
        gone: dict[str, str] = {}
        with self._engine.publishing(run.invocation_id) as publishing:
            before = publishing.documents()
            rows: dict[str, int] = {}
            outcome = self._outcome(run, known_to_pass, before, texts, warnings, stop)
            last_load_id = run.last_load_id
            if outcome.status == "published":
                states = publishing.states(list(outcome.documents))
                if audited_run(run, states) is None:
                    had_one = run.command == "build" or builder_of(run, run.states)
                    why = SUPERSEDED if had_one else SEVERAL
                    outcome = Outcome("not_published", why, outcome.failures)
                    outcome = replace(outcome, settles=not had_one)
                else:
                    last_load_id = audited_load_id(run, states)
                    outcome = _put(publishing, outcome, run.invocation_id)
                    rows = publishing.rows(outcome.documents)
                    if outcome.documents:
                        gone = removed_models(run, states)
            # After a partial run in a terminal the builder builds all the same.
            if run.owner != LEASE_OWNER and outcome.status == "not_published":
                outcome = replace(outcome, settles=False)
            publishing.record(
                build_of(run, outcome, rows, last_load_id, digest, version)
            )
        if gone:
            # If this fails, the next build tries again.
            with suppress(*self._engine.errors):
                self._engine.drop_models(gone)
        return outcome


def _put(publishing: Publishing, outcome: Outcome, invocation_id: str) -> Outcome:
    """Publish the marts, unless one has values that are not of their types."""
    found = [
        misfit_failure(outcome.documents[mart], column, rows, sample)
        for mart, column, rows, sample in publishing.put(
            outcome.documents, invocation_id
        )
    ]
    if not found:
        return outcome
    words = f"Not published: {found[0]['words']}"
    return Outcome("failed", words, [*found, *outcome.failures])
