"""Requests with an Idempotency-Key: the load that each made, and its answer.

A key is written in the transaction of its load, so a crash leaves both or neither.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.errors import NotReady, StorageFull
from api.warehouse.engines import Connection, ServerStore
from api.warehouse.utc import utc_text

KEPT = timedelta(days=7)

log = logging.getLogger("warehouse")


@dataclass(frozen=True)
class KeyedRequest:
    """A request under its key; `fingerprint` names all that it asks for."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class KnownRequest:
    """An earlier request; `status` and `answer` are None until it is answered."""

    fingerprint: str
    load_id: int
    status: int | None
    answer: str | None


class Requests:
    """The requests with a key; each is processed at most once at a time."""

    def __init__(self, engine: ServerStore) -> None:
        self._engine = engine
        self._database = engine.raw

    @contextmanager
    def at_work(self, key: str) -> Iterator[None]:
        """Hold the key; raises RequestInProgress while another request holds it."""
        with self._engine.key_lock(key):
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
        """Store the answer if that is possible; the load is stored already."""
        sql = "update idempotency_keys set status = ?, answer = ? where key = ?"
        try:
            with self._database.writing() as connection:
                connection.rows(sql, [status, answer, key])
        except (NotReady, StorageFull) as problem:
            # The key is in the ledger: a repeated request is answered from its load.
            log.warning("an answer was not kept: %s", problem.detail)


def remember(connection: Connection, keyed: KeyedRequest, load_id: int) -> None:
    """Write the key down in the load's own transaction; forget what is too old."""
    aged = utc_text(datetime.now(UTC) - KEPT)
    connection.rows("delete from idempotency_keys where created_at < ?", [aged])
    connection.rows(
        "insert into idempotency_keys (key, fingerprint, load_id, created_at)"
        " values (?, ?, ?, ?)",
        [keyed.key, keyed.fingerprint, load_id, utc_text()],
    )
