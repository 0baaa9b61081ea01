"""The dbt project: parsed when its files have changed, built and documented."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from api.builder.earlier import EarlierBuilds
from api.builder.failure_report import FailureReport
from api.builder.heartbeat import Heart
from api.builder.invocation import Invocation
from api.builder.monitor import BuildMonitor
from api.builder.replay.builds import ReplayedBuilds
from api.builder.runs.outcome import Stop
from api.builder.watch import WatchedProject
from api.config import Settings
from api.contract.files import Project
from api.errors import ContractError
from api.observability.logs import configure
from api.warehouse.engines import BuilderStore

if TYPE_CHECKING:
    from api.builder.dbt import Dbt


class DbtProject:
    """A project, parsed and built in this process.

    `broken` reports defects of its files: no build begins until they change.
    """

    def __init__(
        self,
        settings: Settings,
        project: Project,
        watched: WatchedProject,
        engine: BuilderStore,
        heart: Heart,
    ) -> None:
        self._settings = settings
        self._project = project
        self._watched = watched
        self._engine = engine
        self._report = FailureReport(project, settings.warehouse_dir)
        self._earlier = EarlierBuilds(engine)
        self._monitor = BuildMonitor(
            engine.at_work,
            engine.errors,
            watched,
            heart,
            settings.step_timeout_seconds,
        )
        self._replayed = ReplayedBuilds(engine, self._monitor.on_node)
        self.broken: Invocation | None = None
        # Whether a mart depends on the current day.
        self.is_daily = False
        self._is_parsed = False
        # Whether all was built from these files, so that a build of the data will do.
        self._is_complete = False

    def has_changed(self) -> bool:
        """Whether the files have changed; if so, the contract is read again."""
        if not self._watched.has_changed():
            return False
        self.broken = self._read_contract()
        self._is_parsed = self._is_complete = False
        return True

    def build(self) -> Invocation:
        """Build and test all that may have changed since the last build."""
        if self.broken is None:
            self.parsed()
        if self.broken is not None:
            return self.broken
        digest = self._watched.digest
        if not self._is_complete and self._earlier.stands(digest):
            self._is_complete = self.dbt.restore_compiled(digest)
        with self._monitor.watching(self.dbt.cancel):
            if self._is_complete:
                return self.dbt.build(data_only=True, digest=digest)
            has_seeds = self._earlier.is_untouched()
            return self.dbt.build(has_seeds=has_seeds, digest=digest)

    def build_all(self) -> Invocation:
        """Build and test everything."""
        with self._monitor.watching(self.dbt.cancel):
            return self.dbt.build(digest=self._watched.digest)

    @property
    def stop(self) -> Stop | None:
        """Why the last build was stopped, if it was."""
        return self._monitor.stop

    def was_published(self) -> None:
        """Note that everything was built from these files."""
        self._is_complete = True
        self._replayed.was_published()

    def start_over(self) -> None:
        """Note that what was built is lost."""
        self._is_complete = False

    def parsed(self) -> Dbt:
        """dbt, after it has parsed the project; defects it found are in `broken`."""
        if not self._is_parsed:
            ended = self.dbt.parse()
            self._is_parsed = True
            self._watched.doubt()
            if not ended.succeeded:
                failures = self._report.of("project", ended.message)
                self.broken = replace(ended, failures=failures)
        return self.dbt

    def document(self) -> str:
        """dbt's docs; right after a build the SQL need not be compiled for them."""
        return self.parsed().document(is_compiled=self._is_complete)

    @cached_property
    def dbt(self) -> Dbt:
        """dbt, imported on first use, because that takes seconds."""
        from api.builder.dbt import Dbt

        # The import sets dbt's handler on the root logger; replace it with ours.
        configure(self._settings.log_level)
        return Dbt(
            self._settings,
            self._monitor.on_event,
            self._watched.environ,
            self._replayed,
        )

    def _read_contract(self) -> Invocation | None:
        """Read the contract and prepare its tables; returns the defects, if any."""
        try:
            contract = self._project.contract()
            self.is_daily = any(mart.is_daily for mart in contract.marts.values())
            self._engine.prepare(list(contract.tables.values()))
        except ContractError as error:
            failures = self._report.of_defects(error.defects)
            return Invocation("", False, error.detail, failures)
        return None
