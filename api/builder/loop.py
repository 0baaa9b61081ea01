"""The builder's loop: look at the ledger and the project, build when either has moved.

One build covers everything that arrived meanwhile: the ledger is the queue.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from api.builder.earlier import EarlierBuilds
from api.builder.failures import SILENT, UNPUBLISHED, Telling
from api.builder.heartbeat import Heart
from api.builder.lineage import LineagePage
from api.builder.outcome import Outcome
from api.builder.watch import POLL_SECONDS, WatchedProject
from api.config import Settings
from api.engines import Building, FailedBuild, Position
from api.errors import ContractError
from api.observing.logs import configure, tell
from api.project import Project

if TYPE_CHECKING:
    from api.builder.dbt import Dbt

log = logging.getLogger("builder")

# What passes by itself: tried again, each time after twice as long.
TRANSIENT = ("No space left on device", "Read-only file system", "another dbt run")
RETRY_SECONDS = (1, 60)
# The same for what keeps the builder from looking at all.
TROUBLE_SECONDS = (0.5, 10.0)
# The same for a build that was ended because it was silent.
SILENCE_SECONDS = (10, 600)
WHOLE_POLL_SECONDS = 2.0


class Builder:
    """Builds one warehouse from one project."""

    def __init__(self, settings: Settings, engine: Building, heart: Heart) -> None:
        self._heart = heart
        self._settings = settings
        self._project = Project(settings.project_dir)
        self._watched = WatchedProject(self._project, settings.dbt_target)
        self._engine = engine
        self._record = engine.record
        self._transient = (*TRANSIENT, *engine.transient)
        self._telling = Telling(self._project, settings.warehouse_dir)
        self._lineage = LineagePage(settings.lineage_page)
        self._earlier = EarlierBuilds(engine)
        self._broken: Outcome | None = None
        self._is_parsed = False
        # Whether all there is was built in this very project, so that data will do.
        self._is_complete = False
        self._built: Position | None = None
        self._next_look = self._next_check = 0.0
        self._retry_at = float("inf")
        self._retry_after = RETRY_SECONDS[0]

    def run(self, silences: int = 0) -> None:
        """Build now, then whenever something has changed; never returns.

        `silences` is how often in a row a builder before this one was ended.
        """
        pause = TROUBLE_SECONDS[0]
        told = silences == 0
        while True:
            self._heart.beat()
            try:
                if not told:
                    self._tell_of_silence()
                    told = True
                    self._hold_off(silences)
                self._look()
                pause = TROUBLE_SECONDS[0]
            except self._engine.errors as error:
                self._get_over(error)
                time.sleep(pause)
                pause = min(2 * pause, TROUBLE_SECONDS[1])
            next_look = min(self._next_look, self._retry_at)
            self._engine.wait(max(next_look - time.monotonic(), 0.0))

    def build_once(self) -> bool:
        """Build what there is now; whether it was published."""
        try:
            self._look_at_project()
            outcome = self.build(self._engine.position())
        except self._engine.errors:
            if not self._engine.mend():
                raise
            self._look_at_project()
            outcome = self.build(self._engine.position())
        self._document()
        return outcome.succeeded

    def is_up_to_date(self, position: Position) -> bool:
        """Whether nothing is to be built, in the project as it was last looked at."""
        if self._broken or not self._lineage.exists():
            return False
        return self._earlier.is_up_to_date(self._watched.digest, position)

    def build(self, position: Position) -> Outcome:
        """One build of everything up to `position`, recorded whatever becomes of it."""
        started_at = datetime.now(UTC)
        self._engine.before_build()
        outcome = self._built_by_dbt()
        if self._engine.hints_at_damage(outcome.message):
            outcome = self._built_after_mending(outcome)
        self._engine.after_build()
        run = outcome.invocation_id
        if not self._record.was_recorded(run):
            # The same broken project fails every load that arrives: each is a build.
            run = str(uuid.uuid4())
            outcome = replace(outcome, invocation_id=run, succeeded=False)
            message = outcome.message or UNPUBLISHED
            told = outcome.failures or self._telling.of("dbt", message)
            self._record.record_failure(FailedBuild(run, position, started_at, told))
        self._built = position
        if outcome.succeeded:
            self._lineage.published(self._watched.seen)
            self._is_complete = True
        self._plan_retry(outcome)
        self._heart.built()
        self._tell(outcome, started_at)
        return outcome

    def _look(self) -> None:
        """Build if the ledger or the project has moved, or what is served is lost."""
        now = time.monotonic()
        if now >= self._next_look:
            self._look_at_project()
            self._next_look = time.monotonic() + self._watched.poll_seconds
        position = self._engine.position()
        if self._built is None and self.is_up_to_date(position):
            self._built = position
            self._lineage.shows(self._watched.seen)
            tell("build_unneeded")
        if position != self._built or time.monotonic() >= self._retry_at:
            self.build(position)
            return
        # Only while nobody waits for a build.
        self._document()
        if now >= self._next_check:
            self._next_check = now + WHOLE_POLL_SECONDS
            if not self._engine.is_whole():
                self._start_over()

    def _built_after_mending(self, failed: Outcome) -> Outcome:
        """Build once more, if a damaged file was found; else tell what is damaged."""
        if self._engine.mend():
            return self._dbt.build(digest=self._watched.digest)
        if why := self._engine.beyond_mending():
            why = why.format(self._telling.gist(failed.message))
            return Outcome(failed.invocation_id, False, why)
        return failed

    def _start_over(self) -> None:
        """Want a build of everything, of files that are whole."""
        self._engine.mend()
        self._built = None
        self._is_complete = False

    def _get_over(self, error: Exception) -> None:
        """After an error outside of dbt: see what can be mended, and look at it all."""
        log.error("the warehouse cannot be built: %s", error)
        self._watched.forget()
        if self._engine.hints_at_damage(str(error)):
            self._start_over()
            if why := self._engine.beyond_mending():
                log.error(why.format(error))
        self._engine.release()

    def _tell_of_silence(self) -> None:
        """Record the build that was ended, for those who wait for it."""
        why = SILENT.format(self._settings.build_timeout_seconds)
        told = self._telling.of("timeout", why)
        build = FailedBuild(
            str(uuid.uuid4()), self._engine.position(), datetime.now(UTC), told
        )
        self._record.record_failure(build)

    def _hold_off(self, silences: int) -> None:
        """Wait with the next build, unless the project changes."""
        shortest, longest = SILENCE_SECONDS
        until = time.monotonic() + min(shortest * 2 ** (silences - 1), longest)
        before = self._project.fingerprint()
        while time.monotonic() < until and self._project.fingerprint() == before:
            self._heart.beat()
            time.sleep(POLL_SECONDS)

    def _look_at_project(self) -> None:
        """Read the project again if a file of it has changed, and want a build then."""
        if self._watched.has_changed():
            self._broken = self._read_contract()
            self._is_parsed = self._is_complete = False
            self._built = None

    def _read_contract(self) -> Outcome | None:
        """What is wrong with the project by our contract; dbt reads it to build."""
        try:
            contract = self._project.contract()
            self._engine.prepare(list(contract.tables.values()))
        except ContractError as error:
            told = self._telling.of_complaints(error.complaints)
            return Outcome("", False, error.detail, told)
        return None

    def _built_by_dbt(self) -> Outcome:
        """What came of the project: it has to be read first, if that was not done."""
        if self._broken is None and not self._is_parsed:
            self._broken = self._parse()
        if self._broken is not None:
            return self._broken
        digest = self._watched.digest
        if not self._is_complete and self._earlier.stands(digest):
            self._is_complete = self._dbt.restore_compiled(digest)
        if self._is_complete:
            return self._dbt.build(data_only=True, digest=digest)
        return self._dbt.build(has_seeds=self._earlier.is_untouched(), digest=digest)

    def _parse(self) -> Outcome | None:
        """What is wrong with the project by dbt's rules."""
        outcome = self._dbt.parse()
        self._is_parsed = True
        self._watched.doubt()
        if outcome.succeeded:
            return None
        return replace(outcome, failures=self._telling.of("project", outcome.message))

    @cached_property
    def _dbt(self) -> Dbt:
        from api.builder.dbt import Dbt

        # dbt has put its own handler on the root by now: ours takes its place.
        configure(self._settings.log_level)
        return Dbt(self._settings, self._heart.beat, self._watched.environ)

    def _document(self) -> None:
        self._lineage.follow(self._watched.seen, lambda: self._dbt.document())

    def _tell(self, outcome: Outcome, started_at: datetime) -> None:
        """Log the build, with the loads that it is the first good one to hold."""
        level = logging.INFO if outcome.succeeded else logging.ERROR
        facts = self._record.facts_of(outcome.invocation_id)
        seconds = round((datetime.now(UTC) - started_at).total_seconds(), 3)
        status = "published" if outcome.succeeded else "failed"
        tell(f"build_{status}", level, seconds=seconds, **facts)

    def _plan_retry(self, outcome: Outcome) -> None:
        if any(sign in outcome.message for sign in self._transient):
            self._retry_at = time.monotonic() + self._retry_after
            self._retry_after = min(2 * self._retry_after, RETRY_SECONDS[1])
        else:
            self._retry_at, self._retry_after = float("inf"), RETRY_SECONDS[0]
