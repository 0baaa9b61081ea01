"""Monitors a build on a thread: shows its current step, and stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from api.builder.heartbeat import Heart
from api.builder.runs.outcome import Stop
from api.builder.watch import WatchedProject
from api.warehouse.engines import AtWork, Work
from api.warehouse.utc import utc_text

LOOK_SECONDS = 0.5
# Steps that take less are not shown.
SHOWN_SECONDS = 1.0
# While stopping: how often the statements that dbt goes on with are interrupted.
STOP_SECONDS = 0.1

ASKED = "It was stopped, as somebody had asked."
CHANGED = (
    "It was stopped, for a file of the project has been changed: that is built now."
)
TOO_LONG = (
    "It was stopped after {:.0f} s (STEP_TIMEOUT_SECONDS): it may never end. The next"
    " load or change of the project has it built again."
)


class Event(Protocol):
    """An event of dbt, as passed to callbacks."""

    info: Any
    data: Any


@dataclass(frozen=True)
class Step:
    """A node that is running."""

    name: str
    kind: str
    began: float
    since: str


class BuildMonitor:
    """Watches builds on a thread; dbt and the replay report their steps to it."""

    def __init__(
        self,
        at_work: AtWork,
        errors: tuple[type[Exception], ...],
        watched: WatchedProject,
        heart: Heart,
        step_timeout: float,
    ) -> None:
        self._at_work = at_work
        self._errors = errors
        self._watched = watched
        self._heart = heart
        self._step_timeout = step_timeout
        self._steps: dict[str, Step] = {}
        self._lock = threading.Lock()
        self.stop: Stop | None = None

    def on_event(self, event: Event) -> None:
        """Called with every event of dbt, on the thread that emits it."""
        self._heart.beat()
        if event.info.name not in ("NodeStart", "NodeFinished"):
            return
        node = event.data.node_info
        # Hooks wait for the lease and record the run; they are not shown.
        if node.resource_type == "operation":
            return
        with self._lock:
            if event.info.name == "NodeFinished":
                self._steps.pop(node.unique_id, None)
            else:
                step = Step(
                    node.node_name, node.resource_type, time.monotonic(), utc_text()
                )
                self._steps[node.unique_id] = step

    def on_node(self, unique_id: str) -> None:
        """Called with each node that a replay comes to; empty when it ends."""
        self._heart.beat()
        kind, _, name = (*unique_id.split("."), "", "")[:3]
        with self._lock:
            self._steps.clear()
            if kind not in ("", "operation"):
                step = Step(name, kind, time.monotonic(), utc_text())
                self._steps[unique_id] = step

    @contextmanager
    def watching(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Watch the build inside; `cancel` interrupts its running statements."""
        ended = threading.Event()
        self.stop = None
        thread = threading.Thread(target=self._watch, args=(ended, cancel), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with self._lock:
                self._steps.clear()

    def _watch(self, ended: threading.Event, cancel: Callable[[], None]) -> None:
        build_since, shown = utc_text(), None
        while not ended.wait(STOP_SECONDS if self.stop else LOOK_SECONDS):
            with self._lock:
                steps = dict(self._steps)
            try:
                if self.stop is None:
                    shown = self._show(steps, build_since, shown)
                    self.stop = self._why_to_stop(steps, shown is not None)
                if self.stop is not None and steps:
                    cancel()
            except self._errors:
                # dbt runs into the same error, and reports it.
                continue
        if shown is not None:
            self._clear()

    def _show(
        self, steps: dict[str, Step], build_since: str, shown: Work | None
    ) -> Work | None:
        """Show the step that has run longest, once it takes long."""
        if not steps:
            return shown
        step = min(steps.values(), key=lambda step: step.began)
        if time.monotonic() - step.began < SHOWN_SECONDS:
            return shown
        work = Work(step.name, step.kind, step.since, build_since)
        if work != shown:
            self._at_work.show(work)
        return work

    def _why_to_stop(self, steps: dict[str, Step], is_shown: bool) -> Stop | None:
        now = time.monotonic()
        late = {id for id, s in steps.items() if now - s.began > self._step_timeout}
        if late:
            return Stop(TOO_LONG.format(self._step_timeout), frozenset(late))
        if is_shown and self._at_work.is_to_stop():
            return Stop(ASKED, frozenset(steps))
        if self._watched.is_outdated():
            return Stop(CHANGED, frozenset(steps), gave_way=True)
        return None

    def _clear(self) -> None:
        try:
            self._at_work.show(None)
        except self._errors:
            return
