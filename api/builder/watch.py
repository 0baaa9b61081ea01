"""The project's files, watched: whether they have changed, and their digest.

Two builds of the same rows from projects with the same digest publish the same marts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version

from api.contract.files import Fingerprint, Project

# The interval between two looks: while the project is worked on, and otherwise.
POLL_SECONDS = 0.25
IDLE_POLL_SECONDS = 1.0
WORK_SECONDS = 600.0
# Several files saved together are one change: wait until the project has been still.
SETTLE_SECONDS = 0.2

VARIABLE = re.compile(r"env_var\(\s*['\"](\w+)")
# The location of the warehouse does not change its content.
PROFILES = "profiles.yml"
LOCATIONS = {"WAREHOUSE_DIR", "SHARED_STORAGE"}

Stamp = tuple[int, int] | None


class WatchedProject:
    """A project as of the last look: its fingerprint and its digest."""

    def __init__(self, project: Project, engine: str) -> None:
        self._project = project
        self._engine = engine
        # Copied before the builder and dbt add variables.
        self.environ = dict(os.environ)
        self._changed_at = float("-inf")
        # The stamps of places where a change would show, taken before `seen`.
        self._places: dict[str, Stamp] = {}
        self.seen: Fingerprint | None = None
        self.digest = ""

    def has_changed(self) -> bool:
        """Look; whether the version differs from the last look's, or is the first."""
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
        self.digest = project_digest(self._project, self._engine, self.environ)
        return True

    def is_outdated(self) -> bool:
        """Whether it has changed since the last look, without looking again."""
        return self.seen is not None and self._project.fingerprint() != self.seen

    def forget(self) -> None:
        """Make the next look the first."""
        self.seen = None

    def changed_since(self, moment: str) -> bool:
        """Whether a file was or may have been written since a moment in UTC."""
        began = datetime.fromisoformat(moment).timestamp() * 1e9
        return self.seen is None or any(at >= began for at, _ in self.seen.values())

    def doubt(self) -> None:
        """Drop the digest if the files have changed while dbt parsed them."""
        if self._project.fingerprint() != self.seen:
            self.digest = ""

    @property
    def poll_seconds(self) -> float:
        is_worked_on = time.monotonic() - self._changed_at < WORK_SECONDS
        return POLL_SECONDS if is_worked_on else IDLE_POLL_SECONDS


def project_digest(project: Project, engine: str, environ: Mapping[str, str]) -> str:
    """The digest of everything but rows that a build depends on.

    The project's files, the variables that they name, and the versions of dbt. `engine`
    is the adapter's name, as in `dbt-sqlite`.
    """
    parts = [*surroundings(project, engine, environ), project.digests()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def surroundings(
    project: Project, engine: str, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str | None]]:
    """What a build depends on besides files and rows: versions, and variables."""
    texts = (text for name, text in project.texts().items() if name != PROFILES)
    named = {name for text in texts for name in VARIABLE.findall(text)} - LOCATIONS
    versions = [version("dbt-core"), version(f"dbt-{engine}")]
    return versions, {name: environ.get(name) for name in sorted(named)}


def _stamps(places: Iterable[str]) -> dict[str, Stamp]:
    """The modification times and sizes of files and folders; None if missing."""
    return {place: _stamp(place) for place in places}


def _stamp(place: str) -> Stamp:
    try:
        stat = os.stat(place)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
