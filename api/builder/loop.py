"""The builder's loop: build when the ledger or the project has changed.

The ledger is the queue: one build covers everything that has arrived meanwhile.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime

from api.builder.dbt_project import DbtProject
from api.builder.earlier import EarlierBuilds
from api.builder.failure_report import SILENT, FailureReport
from api.builder.heartbeat import Heart
from api.builder.invocation import Invocation
from api.builder.judge import Judge
from api.builder.lineage import LineagePage
from api.builder.retry import Retry, hold_off
from api.builder.runs.outcome import Outcome
from api.builder.watch import WatchedProject
from api.config import Settings
from api.contract.files import Project
from api.observability.logs import log_event
from api.warehouse.engines import BuilderStore, Position
from api.warehouse.utc import utc_text

log = logging.getLogger("builder")

# The delays after an error outside of dbt, doubling from the first to the last.
PAUSE_SECONDS = (0.5, 10.0)
WHOLE_POLL_SECONDS = 2.0


class Builder:
    """Builds one warehouse from one project."""

    def __init__(self, settings: Settings, engine: BuilderStore, heart: Heart) -> None:
        self._heart = heart
        self._settings = settings
        self._project = Project(settings.project_dir)
        self._watched = WatchedProject(self._project, settings.dbt_target)
        self._dbt_project = DbtProject(
            settings, self._project, self._watched, engine, heart
        )
        self._engine = engine
        self._record = engine.record
        self._retry = Retry(engine.transient)
        self._report = FailureReport(self._project, settings.warehouse_dir)
        self._lineage = LineagePage(settings.lineage_page)
        self._earlier = EarlierBuilds(engine)
        self._judge = Judge(engine, self._project)
        self._built: Position | None = None
        # The UTC day of the last build.
        self._day = ""
        self._next_look = self._next_check = 0.0

    def run(self, silences: int = 0) -> None:
        """Build now, then whenever something has changed; never returns.

        `silences` is how many builders in a row were ended for silence before this one.
        """
        pause, is_recorded, is_news = PAUSE_SECONDS[0], silences == 0, True
        while True:
            self._heart.beat()
            try:
                if not is_recorded:
                    self._record_silence()
                    is_recorded = True
                    hold_off(self._project, silences, self._heart.beat)
                self._look(is_news)
                pause, is_news = PAUSE_SECONDS[0], False
            except self._engine.errors as error:
                self._recover(error)
                time.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS[1])
            next_look = min(self._next_look, self._retry.at)
            is_news |= self._engine.wait(max(next_look - time.monotonic(), 0.0))

    def build_once(self) -> bool:
        """Build once; returns whether the build was published."""
        try:
            outcome = self._build_now()
        except self._engine.errors as error:
            if not self._engine.recover(str(error)).set_aside:
                raise
            outcome = self._build_now()
        self._document()
        return outcome.status == "published"

    def _build_now(self) -> Outcome:
        while True:
            self._look_at_project()
            outcome = self.build(self._engine.position())
            if not self._watched.is_outdated():
                return outcome

    def is_up_to_date(self, position: Position) -> bool:
        """Whether there is nothing to build, for the project as of the last look."""
        if self._dbt_project.broken or not self._engine.recover().is_whole:
            return False
        self._earlier.adopt(self._watched, self._dbt_project.parsed)
        return self._earlier.is_up_to_date(self._watched.digest, position)

    def build(self, position: Position) -> Outcome:
        """Build everything up to `position`, and record the build with its outcome."""
        started_at = datetime.now(UTC)
        self._day = utc_text(started_at)[:10]
        self._engine.before_build()
        ended = self._dbt_project.build()
        if not ended.succeeded:
            ended = self._rebuilt(ended)
        self._engine.after_build()
        run = ended.invocation_id
        if judged := self._judged(ended):
            outcome, position = judged
        else:
            failures = ended.failures or self._report.of("dbt", ended.message)
            failed = () if ended.succeeded else failures
            run, outcome = self._judge.unrecorded(failed, position, started_at)
        self._built = position
        if outcome.status == "published":
            self._show(outcome)
            self._lineage.published(self._watched.digest)
            self._dbt_project.was_published()
        self._retry.plan(ended.message or outcome.explanation)
        self._heart.built()
        self._log_build(run, outcome, started_at)
        return outcome

    def _judged(self, ended: Invocation) -> tuple[Outcome, Position] | None:
        """The outcome of a run of dbt; None if dbt recorded no facts."""
        if ended is self._dbt_project.broken:
            return None
        dbt = self._dbt_project.dbt
        return self._judge.own(
            ended.invocation_id,
            dbt.nodes(),
            dbt.known_to_pass,
            self._watched.digest,
            self._dbt_project.stop,
        )

    def _show(self, outcome: Outcome) -> None:
        """Run macros for readers other than the API, such as those of Spark's views."""
        for macro, arguments in self._engine.operations_after(outcome.documents):
            ended = self._dbt_project.dbt.operate(macro, arguments)
            if not ended.succeeded:
                log.warning("%s: %s", macro, self._report.summary(ended.message))

    def _look(self, is_news: bool) -> None:
        """Build if the ledger or the project has changed, or the marts are lost.

        `is_news` is whether dbt may have run since the last look.
        """
        now = time.monotonic()
        if now >= self._next_look:
            self._look_at_project()
            self._next_look = time.monotonic() + self._watched.poll_seconds
        for outcome in self._judge.others() if is_news else ():
            log_event("run_judged", outcome=outcome.explanation)
            if outcome.status == "published":
                self._show(outcome)
        position = self._engine.position()
        if self._built is None and self.is_up_to_date(position):
            self._built = position
            self._day = self._record.newest_build()["started_at"][:10]
            self._lineage.published(self._watched.digest)
            log_event("build_unneeded")
        is_due = time.monotonic() >= self._retry.at or self._is_of_yesterday()
        if position != self._built or is_due:
            self.build(position)
            return
        # Only while no client waits for a build.
        self._document()
        if now >= self._next_check:
            self._next_check = now + WHOLE_POLL_SECONDS
            if not self._engine.recover().is_whole:
                self._start_over()

    def _is_of_yesterday(self) -> bool:
        """Whether a mart has `refresh: daily` and a new day has begun in UTC."""
        return self._dbt_project.is_daily and self._day != utc_text()[:10]

    def _rebuilt(self, failed: Invocation) -> Invocation:
        """Build once more if a damaged database was the cause; else report what was."""
        found = self._engine.recover(failed.message)
        if found.set_aside:
            return self._dbt_project.build_all()
        if found.advice:
            why = found.advice.format(self._report.summary(failed.message))
            return Invocation(failed.invocation_id, False, why)
        return failed

    def _start_over(self) -> None:
        """Have everything built again."""
        self._built = None
        self._dbt_project.start_over()

    def _recover(self, error: Exception) -> None:
        """Recover from an error outside of dbt, and look at the whole project again."""
        log.error("the warehouse cannot be built: %s", error)
        self._watched.forget()
        # An error here is the one that was just logged.
        with suppress(*self._engine.errors):
            found = self._engine.recover(str(error))
            if not found.is_whole:
                self._start_over()
            if found.advice:
                log.error(found.advice.format(error))

    def _record_silence(self) -> None:
        """Record the build that was ended for silence, for clients that wait for it."""
        why = SILENT.format(self._settings.build_timeout_seconds)
        failures, now = self._report.of("timeout", why), datetime.now(UTC)
        self._judge.unrecorded(failures, self._engine.position(), now)

    def _look_at_project(self) -> None:
        """Read the project again, and have it built, if a file has changed."""
        if self._dbt_project.has_changed():
            self._built = None

    def _document(self) -> None:
        self._lineage.follow(self._dbt_project.document)

    def _log_build(self, run: str, outcome: Outcome, started_at: datetime) -> None:
        """Log the build, with the loads that it publishes first."""
        facts = self._record.facts_of(run)
        seconds = round((datetime.now(UTC) - started_at).total_seconds(), 3)
        level = logging.INFO if outcome.status == "published" else logging.ERROR
        if outcome.status == "not_published":
            facts["reason"] = outcome.explanation
        log_event(f"build_{outcome.status}", level, seconds=seconds, **facts)
