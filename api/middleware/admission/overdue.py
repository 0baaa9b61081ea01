"""Ends requests whose bodies take too long to arrive.

Granian reads a body without a time limit and will not get one (emmett-framework/
granian#728). Its `wsgi.input` can only wait until its connection ends, and does not say
which connection that is; a thread that is left behind in a read stops the whole process
once its request is answered. So the server's own sockets are looked at: Linux knows for
each when something was last sent on it. A socket on which nothing was sent since a body
began to arrive has a request as old as that body: where all of a client's requests of
that age are overdue, those are the connections of overdue bodies, and no others.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from api.middleware.admission.body import Body

LOOK_SECONDS = 0.25
# The server answers "100 Continue" when a body is first read.
CONTINUE_SECONDS = 2.0
# Linux's struct tcp_info, which only ever grows at its end, as far as it is needed: the
# last of it are the milliseconds since data was last sent.
TCP_INFO = struct.Struct("=44xI")


class Overdue:
    """The bodies that are arriving; starts its thread when there is a first one."""

    def __init__(self) -> None:
        self._bodies: set[Body] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watched(self, body: Body) -> Iterator[None]:
        """End the wait for more of the body soon after its time is over."""
        with self._changed:
            self._bodies.add(body)
            # Other systems than Linux do not say when something was last sent.
            if self._thread is None and sys.platform == "linux":
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._bodies.discard(body)

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._bodies)
                bodies = list(self._bodies)
            for body in bodies:
                if body.is_overdue:
                    self._end(body, bodies)
            time.sleep(LOOK_SECONDS)

    def _end(self, body: Body, bodies: list[Body]) -> None:
        """End its connection, unless that might be the one of a request in order."""
        until = body.began + CONTINUE_SECONDS
        as_old = [
            other
            for other in bodies
            if other.address == body.address
            # What is left behind an answer can wait until nothing else arrives.
            and (other.began <= until or body.is_answered)
        ]
        if all(other.is_overdue for other in as_old):
            since = body.began - CONTINUE_SECONDS if body.is_answered else 0.0
            _cut(body.address, since, until)


def _cut(address: str, since: float, until: float) -> None:
    """Let the server read the end of each connection last sent something between."""
    for name in os.listdir("/dev/fd"):
        with suppress(OSError), _socket(int(name)) as connection:
            peer = connection.getpeername()
            if peer[:1] == (address,) and since <= _last_sent(connection) < until:
                # The answer can still be written.
                connection.shutdown(socket.SHUT_RD)


@contextmanager
def _socket(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor of the server's as a socket; raises OSError where it is none.

    Neither copied nor closed: closing a copy of one of a database file would drop all
    locks that this process has on that file.
    """
    connection = socket.socket(fileno=descriptor)
    try:
        yield connection
    finally:
        connection.detach()


def _last_sent(connection: socket.socket) -> float:
    """When something was last sent on it, monotonic; when it began if nothing was."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO.size)
    (age,) = TCP_INFO.unpack(info)
    return time.monotonic() - float(age) / 1000
