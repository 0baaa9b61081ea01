"""The server's processes: the HTTP workers, and the builder beside them."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from api.builder.supervisor import Supervisor
from api.config import Settings
from api.middleware.access.hosts import is_loopback
from api.observability import SHARED_FOLDER
from api.observability.logs import configure, log_event

if TYPE_CHECKING:
    from flask import Flask

PARENT_POLL_SECONDS = 0.5
# The server's own logger hands to ours what it has to say.
LOGGED_AS_OURS = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}},
}
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


def is_public(host: str) -> bool:
    """Whether other machines reach what listens there; raises OSError, too."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return not all(is_loopback(str(address[0])) for *_, address in found)


def serve(settings: Settings) -> None:
    """Serve HTTP with a builder beside it until a signal ends it."""
    os.environ.update(settings.to_env())
    configure(settings.log_level)
    with _figures_of_workers(settings.workers):
        supervisor = Supervisor(settings)
        supervisor.start()
        server = _server(settings)
        log_event(
            "start", host=settings.host, port=settings.port, workers=settings.workers
        )
        try:
            server.serve()
        finally:
            supervisor.stop()
            log_event("stop")


def _server(settings: Settings) -> Any:
    from granian import Granian
    from granian.constants import HTTPModes
    from granian.log import LogLevels

    return Granian(
        "api.server:worker_app",
        factory=True,
        interface="wsgi",  # type: ignore[arg-type]
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        # One request at a time on a connection, so that one can be ended for it.
        http=HTTPModes.http1,
        websockets=False,
        # Its warnings are about the number of threads, most of which wait for a build.
        log_level=LogLevels.error,
        log_dictconfig=LOGGED_AS_OURS,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, round(settings.shutdown_seconds)),
    )


@contextmanager
def _figures_of_workers(workers: int) -> Iterator[None]:
    """A folder for the figures of several workers, gone at the end."""
    if workers == 1:
        os.environ.pop(SHARED_FOLDER, None)
        yield
        return
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


def worker_app() -> Flask:
    """The application in a worker, which does not outlive the server around it."""
    from api import create_app
    from api.warehouse.engines import only_carry

    for number in (signal.SIGINT, signal.SIGTERM):
        # Until it serves. The handlers inherited from the server would do nothing here.
        signal.signal(number, signal.SIG_DFL)
    sys.setswitchinterval(SWITCH_SECONDS)
    parent = os.getppid()
    threading.Thread(target=_exit_without, args=(parent,), daemon=True).start()
    settings = Settings.from_env()
    only_carry(settings)
    for name in settings.secrets():
        # Granian puts the whole environment into that of each request.
        os.environ.pop(name, None)
    app = create_app(settings)
    _when_told_to_stop(app.extensions["context"].stopping)
    return app


def _when_told_to_stop(stopping: threading.Event) -> None:
    """Set the event at the first signal; what the server does then it does besides.

    It installs handlers of its own later: the wake-up of a process is told in any case.
    They run in the main thread only, which sleeps on if another one took the signal:
    it is told again, by name.
    """
    waiting, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    main = threading.main_thread().ident
    assert main is not None

    def wait() -> None:
        (number,) = os.read(waiting, 1)
        stopping.set()
        signal.pthread_kill(main, number)

    threading.Thread(target=wait, daemon=True).start()


def _exit_without(parent: int) -> None:
    # An orphan would go on answering on the port that the next server needs.
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
