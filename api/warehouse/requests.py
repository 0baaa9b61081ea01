"""Requests that carry an Idempotency-Key: which load each made, and what it was told.

A key is written in the transaction of its load, so a crash leaves both or neither.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.errors import NotReady, RequestInProgress, StorageFull
from api.utc import utc_text
from api.warehouse.database import Connection, Database

KEPT = timedelta(days=7)

log = logging.getLogger("warehouse")


@dataclass(frozen=True)
class KeyedRequest:
    """A request under its key; `fingerprint` names all that it asks for."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class KnownRequest:
    """A request that was heard before; `status` and `answer` once it was answered."""

    fingerprint: str
    load_id: int
    status: int | None
    answer: str | None


class Requests:
    """The requests with a key, of which each is at work at most once at a time."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._locks = _KeyLocks(folder / "idempotency.lock")

    @contextmanager
    def at_work(self, key: str) -> Iterator[None]:
        """Be the only one at work for the key; raises RequestInProgress."""
        with self._locks.held(key):
            yield

    def known(self, key: str) -> KnownRequest | None:
        """The request of that key, if there was one."""
        sql = (
            "select fingerprint, load_id, status, answer from idempotency_keys"
            " where key = ?"
        )
        found = self._database.rows(sql, [key])
        return KnownRequest(**found[0]) if found else None

    def answered(self, key: str, status: int, answer: str) -> None:
        """Keep what the request was told, if that can be: its load is stored."""
        sql = "update idempotency_keys set status = ?, answer = ? where key = ?"
        try:
            with self._database.writing() as connection:
                connection.rows(sql, [status, answer, key])
        except (NotReady, StorageFull) as problem:
            # The key is in the ledger: a repeated request is answered from its load.
            log.warning("an answer was not kept: %s", problem.detail)

    def close(self) -> None:
        self._locks.close()


def remember(connection: Connection, keyed: KeyedRequest, load_id: int) -> None:
    """Write the key down in the load's own transaction; forget what is too old."""
    aged = utc_text(datetime.now(UTC) - KEPT)
    connection.rows("delete from idempotency_keys where created_at < ?", [aged])
    connection.rows(
        "insert into idempotency_keys (key, fingerprint, load_id, created_at)"
        " values (?, ?, ?, ?)",
        [keyed.key, keyed.fingerprint, load_id, utc_text()],
    )


class _KeyLocks:
    """A lock for each key, between threads and between processes.

    An OS lock goes with its process, however that ends. It is one of a byte range for
    each key in a single file that stays open: closing it would drop them all.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._held: set[int] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        digest = hashlib.sha256(key.encode()).digest()
        place = int.from_bytes(digest[:7], "big")
        self._take(place)
        try:
            yield
        finally:
            self._release(place)

    def _take(self, place: int) -> None:
        # The OS lock is the whole process's: threads are told apart by the set.
        with self._lock:
            try:
                if place not in self._held:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                    self._held.add(place)
                    return
            except OSError:
                pass
        raise RequestInProgress(
            "A request with this Idempotency-Key is being worked on. Wait a moment and"
            " repeat it: it will then be told what that one was told."
        )

    def _release(self, place: int) -> None:
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
            self._held.discard(place)
