"""Sees to a build from beside it: what it is at, since when, whether to stop it."""

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
# What is at work for less is not shown.
SHOWN_SECONDS = 1.0
# Once it is to stop: how soon what dbt goes on with is stopped, too.
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
    """A message of dbt, as it hands them to callbacks."""

    info: Any
    data: Any


@dataclass(frozen=True)
class Step:
    """A node that dbt is at."""

    name: str
    kind: str
    began: float
    since: str


class Overseer:
    """On a thread of its own while a build lasts; hears from dbt what that is at."""

    def __init__(
        self,
        at_work: AtWork,
        errors: tuple[type[Exception], ...],
        watched: WatchedProject,
        heart: Heart,
        longest: float,
    ) -> None:
        self._at_work = at_work
        self._errors = errors
        self._watched = watched
        self._heart = heart
        self._longest = longest
        self._steps: dict[str, Step] = {}
        self._lock = threading.Lock()
        self.stop: Stop | None = None

    def on_event(self, event: Event) -> None:
        """Called with every message of dbt, on the thread that it comes from."""
        self._heart.beat()
        if event.info.name not in ("NodeStart", "NodeFinished"):
            return
        node = event.data.node_info
        # A hook waits for its turn, or writes down what has become of the others.
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

    def goes_on_to(self, unique_id: str) -> None:
        """Called where a build goes on without dbt; with nothing when it ends."""
        self._heart.beat()
        kind, _, name = (*unique_id.split("."), "", "")[:3]
        with self._lock:
            self._steps.clear()
            if kind not in ("", "operation"):
                step = Step(name, kind, time.monotonic(), utc_text())
                self._steps[unique_id] = step

    @contextmanager
    def over(self, cancel: Callable[[], None]) -> Iterator[None]:
        """See to what is built inside; `cancel` ends the statements under way."""
        ended = threading.Event()
        self.stop = None
        look = threading.Thread(target=self._look, args=(ended, cancel), daemon=True)
        look.start()
        try:
            yield
        finally:
            ended.set()
            look.join()
            with self._lock:
                self._steps.clear()

    def _look(self, ended: threading.Event, cancel: Callable[[], None]) -> None:
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
                # dbt meets the same, and tells it.
                continue
        if shown is not None:
            self._clear()

    def _show(
        self, steps: dict[str, Step], build_since: str, shown: Work | None
    ) -> Work | None:
        """Tell of the step that is at work for longest, if that is long."""
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
        late = {id for id, s in steps.items() if now - s.began > self._longest}
        if late:
            return Stop(TOO_LONG.format(self._longest), frozenset(late))
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
