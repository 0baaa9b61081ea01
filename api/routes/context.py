"""What all requests share: the settings, the warehouse, the current contract of the
project's files, and how long to wait for a build."""

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

# How often the project's files are checked for a change.
CONTRACT_SECONDS = 0.5
# A builder that died is restarted well within this; after that it will not come back.
BUILDER_AWAY_SECONDS = 15.0
BUILDER_CHECK_SECONDS = 0.5


class Context:
    """One per process; safe for use by many threads."""

    def __init__(self, settings: Settings) -> None:
        """Read the contract and open the warehouse; raises ContractError."""
        self.settings = settings
        self.project = Project(settings.project_dir)
        # Taken before the contract is read: the next check sees a change in between.
        self._fingerprint = self.project.fingerprint()
        self._defects: tuple[str, ...] = ()
        # Set when the process is to end: from then on no request waits for a build.
        self.stopping = threading.Event()
        self.warehouse = open_warehouse(settings)
        self.marts = Marts(self.warehouse.engine)
        self._contract = self._first_contract()
        self._next_check = time.monotonic() + CONTRACT_SECONDS
        self._checking = threading.Lock()

    @property
    def contract(self) -> Contract:
        """The contract of the files; the last valid one while they have defects."""
        with self._checking:
            if time.monotonic() >= self._next_check:
                self._reload_if_changed()
                self._next_check = time.monotonic() + CONTRACT_SECONDS
            return self._contract

    @property
    def defects(self) -> tuple[str, ...]:
        """The defects of the files while the earlier contract stays in force."""
        _ = self.contract  # checks the files when that is due
        return self._defects

    @property
    def builder_is_running(self) -> bool:
        return self.warehouse.engine.builder_is_running()

    def wait_for_load(self, load_id: int, seconds: float | None) -> Build | None:
        """The build that includes a load, or None if none is published in time."""
        return self.warehouse.builds.wait_for_load(
            load_id, self._at_most(seconds), _BuilderWatch(self)
        )

    def wait_for_request(self, request_id: int, seconds: float | None) -> Build | None:
        """The build of a request for one, or None if none ends in time."""
        return self.warehouse.builds.wait_for_request(
            request_id, self._at_most(seconds), _BuilderWatch(self)
        )

    def close(self) -> None:
        self.warehouse.close()

    def _at_most(self, seconds: float | None) -> float:
        longest = self.settings.build_wait_seconds
        return longest if seconds is None else min(seconds, longest)

    def _first_contract(self) -> Contract:
        """The contract of the files; the last applied one if they have defects."""
        try:
            return self._apply()
        except ContractError as error:
            tables = self.warehouse.raw.declared_tables()
            if not tables:
                raise
            self._report_defects(error)
            return Contract({table.name: table for table in tables}, marts={})

    def _reload_if_changed(self) -> None:
        fingerprint = self.project.fingerprint()
        if fingerprint == self._fingerprint:
            return
        self._fingerprint = fingerprint
        try:
            self._contract = self._apply()
        except ContractError as error:
            # The earlier contract stays in force; the builder reports it in /builds.
            self._report_defects(error)

    def _apply(self) -> Contract:
        """Read the contract of the files and bring the upload tables to it."""
        contract = self.project.contract()
        self.warehouse.raw.prepare(contract.tables.values())
        self._defects = ()
        return contract

    def _report_defects(self, error: ContractError) -> None:
        self._defects = error.defects
        log_event("contract_broken", logging.WARNING, complaints=list(error.defects))


def context() -> Context:
    """The context of the application that handles this request."""
    return cast(Context, current_app.extensions["context"])


class _BuilderWatch:
    """Returns, at each call, whether a builder runs or may come back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last_alive = self._last_check = time.monotonic()

    def __call__(self) -> bool:
        if self._context.stopping.is_set():
            return False
        now = time.monotonic()
        # A check takes the builder's lock for an instant, so waiters check seldom.
        if now - self._last_check >= BUILDER_CHECK_SECONDS:
            self._last_check = now
            if self._context.builder_is_running:
                self._last_alive = now
        return now - self._last_alive < BUILDER_AWAY_SECONDS
