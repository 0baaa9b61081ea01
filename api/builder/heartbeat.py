"""The builder's heartbeat: it writes to a pipe that its supervisor reads.

A builder that is stopped, or stuck in an endless statement, writes nothing.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress

ALIVE, BUILT = b".", b"+"
BEAT_SECONDS = 0.5


class Heart:
    """The builder's end of the pipe; does nothing without a descriptor."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._next_beat = 0.0
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    def beat(self, *_: object) -> None:
        """Report that work goes on; called often, written at most twice a second."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_SECONDS
            self._write(ALIVE)

    def built(self) -> None:
        """Report that a build has ended, well or not."""
        self._write(BUILT)

    def _write(self, sign: bytes) -> None:
        if self._descriptor is not None:
            # The pipe may be full, or its reader gone.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, sign)


class Pulse:
    """The supervisor's end of a builder's pipe."""

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._heard_at = time.monotonic()
        self.has_built = self.has_ended = False

    def wait(self, seconds: float) -> None:
        """Wait for a sign of life or the builder's exit, at most so long."""
        select.select([self._read_end], [], [], seconds)

    def silence(self) -> float:
        """Seconds since the last sign of life."""
        with suppress(BlockingIOError):
            while signs := os.read(self._read_end, 65_536):
                self._heard_at = time.monotonic()
                self.has_built = self.has_built or BUILT in signs
            self.has_ended = True
        return time.monotonic() - self._heard_at

    def hand_over(self) -> None:
        """Close the write end, which the builder has inherited."""
        os.close(self.write_end)

    def close(self) -> None:
        os.close(self._read_end)
