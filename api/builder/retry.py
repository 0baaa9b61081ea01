"""When to retry: after a transient error, and after a build that never ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from api.builder.watch import POLL_SECONDS
from api.contract.files import Project

# Transient errors, retried with a delay that doubles.
TRANSIENT = ("No space left on device", "Read-only file system", "another dbt run")
RETRY_SECONDS = (1, 60)
# The delays after a builder that was ended for silence.
SILENCE_SECONDS = (10, 600)


class Retry:
    """The next try of a failed build; `at` is infinite if there is none."""

    def __init__(self, transient: Sequence[str]) -> None:
        self._signs = (*TRANSIENT, *transient)
        self._after = RETRY_SECONDS[0]
        self.at = float("inf")

    def plan(self, message: str) -> None:
        """Plan a retry if the message of a build names a transient error."""
        if any(sign in message for sign in self._signs):
            self.at = time.monotonic() + self._after
            self._after = min(2 * self._after, RETRY_SECONDS[1])
        else:
            self.at, self._after = float("inf"), RETRY_SECONDS[0]


def hold_off(project: Project, silences: int, beat: Callable[[], None]) -> None:
    """Delay the next build, unless the project changes.

    `silences` is how many builders in a row were ended for silence.
    """
    shortest, longest = SILENCE_SECONDS
    until = time.monotonic() + min(shortest * 2 ** (silences - 1), longest)
    before = project.fingerprint()
    while time.monotonic() < until and project.fingerprint() == before:
        beat()
        time.sleep(POLL_SECONDS)
