"""A lock for each Idempotency-Key, between threads and between processes."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import RequestInProgress


class KeyLocks(ABC):
    """Locks of this process; the engine locks out other processes.

    A lock has a number, which is made from the key.
    """

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._lock = threading.Lock()

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold the lock of a key; raises RequestInProgress."""
        digest = hashlib.sha256(key.encode()).digest()
        number = int.from_bytes(digest[:7], "big")
        # Other processes see one holder; the set keeps its threads apart.
        with self._lock:
            if number in self._held or not self._take(number):
                raise RequestInProgress(
                    "A request with this Idempotency-Key is being worked on. Wait a"
                    " moment and repeat it: it will then be told what that one was"
                    " told."
                )
            self._held.add(number)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(number)
                self._give_back(number)

    @abstractmethod
    def _take(self, number: int) -> bool:
        """Lock the number against other processes; False where one holds it."""

    @abstractmethod
    def _give_back(self, number: int) -> None: ...
