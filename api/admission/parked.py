"""Ends the connection of a client that was told it is too late and does not go.

The server waits for the rest of a body as long as its connection is open, and does not
tell which one that is. The operating system tells when each was last sent something:
the one we look for was last sent our answer.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

# A client may read its answer and close the connection itself.
PATIENCE_SECONDS = 1.0
# How far the moment that an answer was sent may be from the moment it was ready.
CLOSE_SECONDS = 0.25
# Where Linux has, in its struct tcp_info, the ms since data was sent and received.
LAST_SENT, LAST_RECEIVED, INFO_BYTES = 44, 52, 104


class Parked:
    """A connection of the client at `address` whose rest nobody wants.

    `over` is set when it has ended. `longest` is how long any request may take to
    arrive, in seconds.
    """

    def __init__(self, address: str, over: threading.Event, longest: float) -> None:
        self._address = address
        self._over = over
        self._longest = longest
        self._answered = time.monotonic()

    def watch(self) -> None:
        """See to its end, on a thread of its own; only Linux tells what that takes."""
        if sys.platform == "linux":
            threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        if self._over.wait(PATIENCE_SECONDS):
            return
        self._shut(silent_only=True)
        # One that sends on might be another of the client's, at its next request. When
        # that had time to arrive and be answered, only ours was sent nothing since.
        if not self._over.wait(2 * self._longest):
            self._shut(silent_only=False)

    def _shut(self, silent_only: bool) -> None:
        for connection in _connections(self._address):
            with connection, suppress(OSError):
                sent, received = _last(connection)
                is_ours = abs(sent - self._answered) < CLOSE_SECONDS
                if is_ours and (received <= sent or not silent_only):
                    connection.shutdown(socket.SHUT_RDWR)


def _connections(address: str) -> Iterator[socket.socket]:
    """This process's connections with a client, as sockets of our own."""
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):
            # A copy of the descriptor: the number itself may soon be another's.
            copy = os.dup(int(name))
            if not stat.S_ISSOCK(os.fstat(copy).st_mode):
                os.close(copy)
                continue
            connection = socket.socket(fileno=copy)
            if _peer(connection) == address:
                yield connection
            else:
                connection.close()


def _peer(connection: socket.socket) -> str | None:
    try:
        peer = connection.getpeername()
    except OSError:
        return None
    return peer[0] if isinstance(peer, tuple) else None


def _last(connection: socket.socket) -> tuple[float, float]:
    """When it was last sent something and last received something, monotonic."""
    now = time.monotonic()
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    ages = (
        struct.unpack_from("=I", info, place)[0] for place in (LAST_SENT, LAST_RECEIVED)
    )
    sent, received = (now - age / 1000 for age in ages)
    return sent, received
