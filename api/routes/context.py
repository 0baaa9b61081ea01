"""What every request shares: settings, warehouse, the contract as the files now say it,
and whether it is worth waiting for a build."""

from __future__ import annotations

import logging
import threading
import time
from typing import cast

from flask import current_app

from api.config import Settings
from api.contract import Contract
from api.contract.files import Project
from api.errors import ContractError
from api.metrics.marts import Marts
from api.observability.logs import log_event
from api.warehouse.builds import Build
from api.warehouse.warehouse import open_warehouse

# How old the answer to "did the contract change" may be.
CONTRACT_SECONDS = 0.5
# A builder that died is back well within this; one that is away longer is not coming.
BUILDER_AWAY_SECONDS = 15.0
BUILDER_LOOK_SECONDS = 0.5


class Context:
    """One per process; safe for use by many threads."""

    def __init__(self, settings: Settings) -> None:
        """Read the contract and open the warehouse; raises ContractError."""
        self.settings = settings
        self.project = Project(settings.project_dir)
        # Before the contract is read: what changes meanwhile is seen at the next look.
        self._seen = self.project.fingerprint()
        self._defects: tuple[str, ...] = ()
        # Set when the process is to end: from then on nobody waits for a build.
        self.stopping = threading.Event()
        self.warehouse = open_warehouse(settings)
        self.marts = Marts(self.warehouse.engine)
        self._contract = self._first_contract()
        self._next_look = time.monotonic() + CONTRACT_SECONDS
        self._looking = threading.Lock()

    @property
    def contract(self) -> Contract:
        """The contract of the files; the last good one while they are broken."""
        with self._looking:
            if time.monotonic() >= self._next_look:
                self._look()
                self._next_look = time.monotonic() + CONTRACT_SECONDS
            return self._contract

    @property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the files while the contract of before is in force."""
        # A look at them, if the last one is some time ago.
        _ = self.contract
        return self._defects

    @property
    def builder_is_running(self) -> bool:
        return self.warehouse.engine.builder_is_running()

    def wait_for_load(self, load_id: int, seconds: float | None) -> Build | None:
        """The build that holds a load, or None when none came in time."""
        return self.warehouse.builds.wait_for_load(
            load_id, self._patience(seconds), _BuilderWatch(self)
        )

    def wait_for_request(self, request_id: int, seconds: float | None) -> Build | None:
        """The build that answers a request to build, or None when none came in time."""
        return self.warehouse.builds.wait_for_request(
            request_id, self._patience(seconds), _BuilderWatch(self)
        )

    def close(self) -> None:
        self.warehouse.close()

    def _patience(self, seconds: float | None) -> float:
        longest = self.settings.build_wait_seconds
        return longest if seconds is None else min(seconds, longest)

    def _first_contract(self) -> Contract:
        """The contract of the files; the one last applied while they are broken."""
        try:
            return self._applied()
        except ContractError as error:
            tables = self.warehouse.raw.declared_tables()
            if not tables:
                raise
            self._complain(error)
            return Contract({table.name: table for table in tables}, marts={})

    def _look(self) -> None:
        now = self.project.fingerprint()
        if now == self._seen:
            return
        self._seen = now
        try:
            self._contract = self._applied()
        except ContractError as error:
            # The builder tells it in /builds; what was promised before still holds.
            self._complain(error)

    def _applied(self) -> Contract:
        """The contract of the files, with the upload tables brought to it."""
        contract = self.project.contract()
        self.warehouse.raw.prepare(contract.tables.values())
        self._defects = ()
        return contract

    def _complain(self, error: ContractError) -> None:
        self._defects = error.defects
        log_event("contract_broken", logging.WARNING, complaints=list(error.defects))


def context() -> Context:
    """The context of the application that handles this request."""
    return cast(Context, current_app.extensions["context"])


class _BuilderWatch:
    """Answers, call after call, whether a builder is there or may come back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last_alive = self._last_look = time.monotonic()

    def __call__(self) -> bool:
        if self._context.stopping.is_set():
            return False
        now = time.monotonic()
        # A look takes the builder's lock for an instant: waiters must not crowd it.
        if now - self._last_look >= BUILDER_LOOK_SECONDS:
            self._last_look = now
            if self._context.builder_is_running:
                self._last_alive = now
        return now - self._last_alive < BUILDER_AWAY_SECONDS
