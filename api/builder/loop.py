"""The builder's loop: look at the ledger and the project, build when either has moved.

One build covers everything that arrived meanwhile: the ledger is the queue.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import UTC, datetime

from api.builder.dbt import Dbt, Outcome
from api.builder.ledger import Ledger, Position
from api.config import Settings
from api.errors import ContractError
from api.observing.logs import tell
from api.project import Fingerprint, Project

POLL_SECONDS = 0.02
PROJECT_POLL_SECONDS = 0.25
# Several files saved together are one change: wait until the project has been still.
SETTLE_SECONDS = 0.2
# What passes by itself: tried again, each time after twice as long.
TRANSIENT = (
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "another dbt run",
)
RETRY_SECONDS = (1, 60)


class Builder:
    """Builds one warehouse from one project."""

    def __init__(self, settings: Settings) -> None:
        self._project = Project(settings.project_dir)
        self._ledger = Ledger(settings.warehouse_dir, settings.project_dir)
        self._dbt = Dbt(settings.project_dir, settings.warehouse_dir / "builder")
        self._lineage = settings.lineage_page
        self._seen: Fingerprint | None = None
        self._broken: Outcome | None = None
        # Whether this very project has passed its unit tests in this process.
        self._proven = False
        self._built: Position | None = None
        # The project as the page about its lineage shows it, and whether that is old.
        self._documented: Fingerprint | None = None
        self._undocumented = False
        self._retry_at = float("inf")
        self._retry_after = RETRY_SECONDS[0]

    def run(self) -> None:
        """Build now, then whenever something has changed; never returns."""
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look:
                self._look_at_project()
                next_look = time.monotonic() + PROJECT_POLL_SECONDS
            position = self._ledger.position()
            if position != self._built or time.monotonic() >= self._retry_at:
                self.build(position)
            else:
                # Only while nobody waits for a build.
                self._document()
            time.sleep(POLL_SECONDS)

    def build_once(self) -> bool:
        """Build what there is now; whether it was published."""
        self._look_at_project()
        outcome = self.build(self._ledger.position())
        self._document()
        return outcome.succeeded

    def build(self, position: Position) -> Outcome:
        """One build of everything up to `position`, recorded whatever becomes of it."""
        started_at = datetime.now(UTC)
        self._ledger.clear_own_lease()
        outcome = self._broken or self._dbt.build(data_only=self._proven)
        if not outcome.succeeded and not self._ledger.was_recorded(outcome):
            # The same broken project fails every load that arrives: each is a build.
            outcome = Outcome(str(uuid.uuid4()), False, outcome.message)
            kind = "project" if self._broken else "dbt"
            self._ledger.record_failure(outcome, position, started_at, kind)
        self._built = position
        self._ledger.stay_connected()
        self._undocumented = outcome.succeeded and self._documented != self._seen
        self._proven = self._proven or outcome.succeeded
        self._plan_retry(outcome)
        self._tell(outcome, started_at)
        return outcome

    def _look_at_project(self) -> None:
        """Read the project again if a file of it has changed, and want a build then."""
        now = self._project.fingerprint()
        if now == self._seen:
            return
        while self._seen is not None:
            time.sleep(SETTLE_SECONDS)
            before, now = now, self._project.fingerprint()
            if now == before:
                break
        self._seen = now
        self._broken = self._read_project()
        self._proven = False
        self._built = None

    def _read_project(self) -> Outcome | None:
        """What is wrong with the project, by our contract first and then by dbt's."""
        try:
            contract = self._project.contract()
            self._ledger.prepare(list(contract.tables.values()))
        except ContractError as error:
            return Outcome("", False, error.detail)
        outcome = self._dbt.parse()
        return None if outcome.succeeded else outcome

    def _document(self) -> None:
        """Make the page about the lineage, if another version is published."""
        if not self._undocumented:
            return
        self._undocumented = False
        self._documented = self._seen
        page = self._dbt.document()
        if not page:
            tell("no_lineage", logging.WARNING)
            return
        new = self._lineage.with_suffix(".new")
        new.write_text(page, encoding="utf-8")
        new.replace(self._lineage)

    def _tell(self, outcome: Outcome, started_at: datetime) -> None:
        """Log the build, with the loads that it is the first good one to hold."""
        took = datetime.now(UTC) - started_at
        level = logging.INFO if outcome.succeeded else logging.ERROR
        facts = self._ledger.facts_of(outcome)
        seconds = round(took.total_seconds(), 3)
        status = "published" if outcome.succeeded else "failed"
        tell(f"build_{status}", level, seconds=seconds, **facts)

    def _plan_retry(self, outcome: Outcome) -> None:
        if any(sign in outcome.message for sign in TRANSIENT):
            self._retry_at = time.monotonic() + self._retry_after
            self._retry_after = min(2 * self._retry_after, RETRY_SECONDS[1])
        else:
            self._retry_at, self._retry_after = float("inf"), RETRY_SECONDS[0]
