"""The server's processes: the HTTP workers, and the builder beside them."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from api.builder.supervisor import Supervisor
from api.config import Settings

if TYPE_CHECKING:
    from flask import Flask

PARENT_POLL_SECONDS = 0.5
# How long a thread that computes may keep the others from answering.
SWITCH_SECONDS = 0.0005


def try_to_listen(host: str, port: int) -> None:
    """Raise OSError if nobody can listen there, and will not within seconds.

    Workers share their port, so a second server would not fail: each of the two would
    answer some of the requests. Workers of a server that was killed are gone soon.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    until = time.monotonic() + 4 * PARENT_POLL_SECONDS
    while True:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
        time.sleep(PARENT_POLL_SECONDS / 5)


def serve(settings: Settings) -> None:
    """Serve HTTP with a builder beside it until a signal ends it."""
    from granian import Granian
    from granian.log import LogLevels

    os.environ.update(settings.to_env())
    supervisor = Supervisor(settings)
    supervisor.start()
    server = Granian(
        "api.serving:worker_app",
        factory=True,
        interface="wsgi",  # type: ignore[arg-type]
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        # Its warnings are about the number of threads, most of which wait for a build.
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    )
    try:
        server.serve()
    finally:
        supervisor.stop()


def worker_app() -> Flask:
    """The application in a worker, which does not outlive the server around it."""
    from api import create_app
    from api.warehouse.guard import keep_sqlite3_out

    keep_sqlite3_out()
    sys.setswitchinterval(SWITCH_SECONDS)
    parent = os.getppid()
    threading.Thread(target=_exit_without, args=(parent,), daemon=True).start()
    return create_app()


def _exit_without(parent: int) -> None:
    # An orphan would go on answering on the port that the next server needs.
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
