"""How the builder learns of commits without polling: a FIFO beside raw.db.

A process that commits writes a byte into it; the builder waits for one. A byte that
is lost costs a second, after which the builder polls.
"""

from __future__ import annotations

import os
import select
import stat
import time
from contextlib import suppress
from pathlib import Path

NAME = "commits.fifo"
# How often to poll where there can be no FIFO.
POLL_SECONDS = 0.02


def signal_commit(folder: Path) -> None:
    """Wake the builder of the warehouse in `folder`, if there is one."""
    try:
        fifo = os.open(folder / NAME, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        # No builder listens; one reads the ledger when it starts.
        return
    try:
        with suppress(OSError):
            os.write(fifo, b"!")
    finally:
        os.close(fifo)


class CommitListener:
    """The builder's end."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._fifo: int | None = None

    def wait(self, seconds: float) -> bool:
        """Whether there was a commit since the last call; waits at most `seconds`.

        Also True where that is unknown.
        """
        if self._fifo is None or not os.fstat(self._fifo).st_nlink:
            self.close()
            self._fifo = _opened(self._path)
        if self._fifo is None:
            time.sleep(min(seconds, POLL_SECONDS))
            return True
        if select.select([self._fifo], [], [], seconds)[0]:
            os.read(self._fifo, 65_536)
            return True
        return False

    def close(self) -> None:
        if self._fifo is not None:
            os.close(self._fifo)
            self._fifo = None


def _opened(path: Path) -> int | None:
    """The reading end of the FIFO, created if missing; None if that fails."""
    try:
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # Open for writing too, so that it does not end with the last writer.
        fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    if stat.S_ISFIFO(os.fstat(fifo).st_mode):
        return fifo
    os.close(fifo)
    return None
