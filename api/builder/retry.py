"""When to try again: after what passes by itself, and after a build without an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from api.builder.watch import POLL_SECONDS
from api.contract.files import Project

# What passes by itself: tried again, each time after twice as long.
TRANSIENT = ("No space left on device", "Read-only file system", "another dbt run")
RETRY_SECONDS = (1, 60)
# The same for a build that was ended because it was silent.
SILENCE_SECONDS = (10, 600)


class Retry:
    """The next try of a build that failed; `at` is never where none is wanted."""

    def __init__(self, transient: Sequence[str]) -> None:
        self._signs = (*TRANSIENT, *transient)
        self._after = RETRY_SECONDS[0]
        self.at = float("inf")

    def plan(self, message: str) -> None:
        """After a build: try again if its message tells of what passes by itself."""
        if any(sign in message for sign in self._signs):
            self.at = time.monotonic() + self._after
            self._after = min(2 * self._after, RETRY_SECONDS[1])
        else:
            self.at, self._after = float("inf"), RETRY_SECONDS[0]


def hold_off(project: Project, silences: int, beat: Callable[[], None]) -> None:
    """Wait with the next build, unless the project changes.

    `silences` is how often in a row a builder was ended because it was silent.
    """
    shortest, longest = SILENCE_SECONDS
    until = time.monotonic() + min(shortest * 2 ** (silences - 1), longest)
    before = project.fingerprint()
    while time.monotonic() < until and project.fingerprint() == before:
        beat()
        time.sleep(POLL_SECONDS)
