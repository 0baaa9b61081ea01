"""Moves commits from the WAL into the database file, after the writers.

A commit is durable once it is in the WAL. SQLite would move it at once, while the
request waits; here a thread does so afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Checkpoints:
    """Checkpoints on a thread of their own, which the first request starts."""

    def __init__(self, checkpoint: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        self._wanted = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def want(self) -> None:
        """Request a checkpoint after this moment."""
        self._wanted.set()
        with self._starting:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread after its current checkpoint."""
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
