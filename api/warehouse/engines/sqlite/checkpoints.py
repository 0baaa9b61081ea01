"""Moves what was committed from the WAL into the database file, behind the writers.

A commit is durable once it is in the WAL. SQLite would move it on at once and let the
committing request wait for that; here a thread does so afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Checkpoints:
    """Checkpoints on a thread of their own, which starts when one is first wanted."""

    def __init__(self, checkpoint: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        self._wanted = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def want(self) -> None:
        """See to it that there is a checkpoint after this moment."""
        self._wanted.set()
        with self._starting:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, after the checkpoint that it may be at."""
        with self._starting:
            self._ended = True
            thread, self._thread = self._thread, None
        self._wanted.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._ended:
                return
            self._wanted.clear()
            self._checkpoint()
