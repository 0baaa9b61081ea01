"""How many requests that write are at work, in all and for each client."""

from __future__ import annotations

import threading
from collections import Counter

from api.errors import Overloaded, TooManyRequests

# Of all that there are, what one client may hold.
SHARE = 0.75
# Readers that wait for clients that were told they are too late, see `body`.
MOST_PARKED = 256


class Slots:
    """A bounded number of requests at a time; safe for use by many threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._share = max(1, int(most * SHARE))
        self._lock = threading.Lock()
        self._busy = 0
        self._parked = 0
        self._held: Counter[str] = Counter()

    def take(self, client: str) -> None:
        """Take one for the client; raises TooManyRequests and Overloaded."""
        with self._lock:
            if self._held[client] >= self._share:
                raise TooManyRequests(
                    f"You have {self._share} requests that write at work, as many as"
                    " one client may. Wait until one is answered, then send this again."
                )
            if self._busy >= self._most or self._parked >= MOST_PARKED:
                raise Overloaded(
                    f"{self._busy} requests that write are at work, as many as there"
                    " may be (MAX_WRITES). Nothing of this one was read; send it again"
                    " in a moment."
                )
            self._busy += 1
            self._held[client] += 1

    def park(self) -> None:
        """One that is no longer worked on has not let go yet: its client counts on."""
        with self._lock:
            self._busy -= 1
            self._parked += 1

    def leave(self, client: str, parked: bool = False) -> None:
        """Give one back."""
        with self._lock:
            if parked:
                self._parked -= 1
            else:
                self._busy -= 1
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]
