"""How many requests that write are at work, in all and for each client."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import Overloaded, TooManyRequests
from api.wording import count, verb

# Of all that there are, what one client may hold.
SHARE = 0.75


class Slots:
    """A bounded number of requests at a time; safe for use by many threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = max(1, int(most * SHARE))
        self._lock = threading.Lock()
        self._busy = 0
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold one for the client; raises TooManyRequests and Overloaded."""
        self._take(client)
        try:
            yield
        finally:
            self._give_back(client)

    def _take(self, client: str) -> None:
        with self._lock:
            if self._held[client] >= self._share:
                raise TooManyRequests(
                    f"You have {count(self._share, 'request')} that"
                    f" {verb(self._share, 'writes', 'write')} at work, as many as"
                    " one client may. Wait until one is answered, then send this again."
                )
            if self._busy >= self._most:
                raise Overloaded(
                    f"{count(self._busy, 'request')}"
                    f" {verb(self._busy, 'that writes is', 'that write are')} at work,"
                    " as many as there may be (MAX_WRITES). Nothing of this one was"
                    " read; send it again in a moment."
                )
            self._busy += 1
            self._held[client] += 1

    def _give_back(self, client: str) -> None:
        with self._lock:
            self._busy -= 1
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]
