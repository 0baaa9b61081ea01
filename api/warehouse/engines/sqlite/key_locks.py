"""Idempotency-Keys locked by OS file locks, which end with their process."""

from __future__ import annotations

import fcntl
from pathlib import Path

from api.warehouse.engines.key_locks import KeyLocks


class RangeLocks(KeyLocks):
    """Each is a byte of one file, which stays open: closing it would release all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("ab")

    def close(self) -> None:
        self._file.close()

    def _take(self, number: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            return False
        return True

    def _give_back(self, number: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)
