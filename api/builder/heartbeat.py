"""Signs of life: the builder gives them through a pipe, its supervisor listens.

A builder that is stopped, or stuck in a statement without an end, gives none.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress

ALIVE, BUILT = b".", b"+"
BEAT_SECONDS = 0.5


class Heart:
    """The builder's end; silent where nobody listens."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._next_beat = 0.0
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    def beat(self, *_: object) -> None:
        """Tell that work goes on; called often, told now and then."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_SECONDS
            self._tell(ALIVE)

    def built(self) -> None:
        """Tell that a build came to its end, whichever."""
        self._tell(BUILT)

    def _tell(self, sign: bytes) -> None:
        if self._descriptor is not None:
            # The listener may be behind, or on its way out.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, sign)


class Pulse:
    """The supervisor's end of one builder's pipe."""

    def __init__(self) -> None:
        self._mine, self.theirs = os.pipe()
        os.set_blocking(self._mine, False)
        self._heard_at = time.monotonic()
        self.has_built = self.has_ended = False

    def wait(self, seconds: float) -> None:
        """Wait for a sign of life or the builder's end, and no longer than this."""
        select.select([self._mine], [], [], seconds)

    def silence(self) -> float:
        """Seconds since the last sign of life."""
        with suppress(BlockingIOError):
            while signs := os.read(self._mine, 65_536):
                self._heard_at = time.monotonic()
                self.has_built = self.has_built or BUILT in signs
            self.has_ended = True
        return time.monotonic() - self._heard_at

    def hand_over(self) -> None:
        """The builder has its end: ours of it goes."""
        os.close(self.theirs)

    def close(self) -> None:
        os.close(self._mine)
