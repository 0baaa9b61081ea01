"""The project's files, watched: whether they have changed, and which version it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import datetime

from api.builder.inputs import digest_of
from api.contract.files import Fingerprint, Project

# Between two looks: while somebody works on the project, and else.
POLL_SECONDS = 0.25
IDLE_POLL_SECONDS = 1.0
WORK_SECONDS = 600.0
# Several files saved together are one change: wait until the project has been still.
SETTLE_SECONDS = 0.2


Stamp = tuple[int, int] | None


class WatchedProject:
    """A project as it was last looked at: its fingerprint and its digest."""

    def __init__(self, project: Project, engine: str) -> None:
        self._project = project
        self._engine = engine
        # As it is before dbt, and what is told to dbt, are added to it.
        self.environ = dict(os.environ)
        self._changed_at = float("-inf")
        # Where a change would show, as it was there before `seen` was looked at.
        self._places: dict[str, Stamp] = {}
        self.seen: Fingerprint | None = None
        self.digest = ""

    def has_changed(self) -> bool:
        """Look; whether it is another version than at the look before, or the first."""
        if self.seen is not None and self._places == _stamps(self._places):
            return False
        self._places = _stamps(self._project.places())
        now = self._project.fingerprint()
        if now == self.seen:
            return False
        while self.seen is not None:
            self._changed_at = time.monotonic()
            time.sleep(SETTLE_SECONDS)
            before, now = now, self._project.fingerprint()
            if now == before:
                break
        self.seen = now
        self.digest = digest_of(self._project, self._engine, self.environ)
        return True

    def is_outdated(self) -> bool:
        """Whether it has changed since the last look, which this is none of."""
        return self.seen is not None and self._project.fingerprint() != self.seen

    def forget(self) -> None:
        """Take the next look for the first."""
        self.seen = None

    def changed_since(self, moment: str) -> bool:
        """Whether a file was written since then, in UTC, or may have been."""
        began = datetime.fromisoformat(moment).timestamp() * 1e9
        return self.seen is None or any(at >= began for at, _ in self.seen.values())

    def doubt(self) -> None:
        """Know no digest of what was just read, where it has changed meanwhile."""
        if self._project.fingerprint() != self.seen:
            self.digest = ""

    @property
    def poll_seconds(self) -> float:
        is_worked_on = time.monotonic() - self._changed_at < WORK_SECONDS
        return POLL_SECONDS if is_worked_on else IDLE_POLL_SECONDS


def _stamps(places: Iterable[str]) -> dict[str, Stamp]:
    """When files and folders were changed last, and their sizes; None if not there."""
    return {place: _stamp(place) for place in places}


def _stamp(place: str) -> Stamp:
    try:
        found = os.stat(place)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
