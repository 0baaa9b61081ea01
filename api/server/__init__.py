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
# Granian's logger hands its records to ours.
LOGGED_AS_OURS = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}},
}
# How long a thread that computes keeps the interpreter from the others.
SWITCH_SECONDS = 0.0005


def try_to_listen(host: str, port: int) -> None:
    """Raise OSError if the address is taken, and stays so for some seconds.

    Workers share their port, so a second server would not fail: each of the two would
    answer some of the requests. Workers of a killed server end within these seconds.
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
    """Whether other machines reach this address; raises OSError for no address."""
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
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    return Granian(
        "api.server:worker_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        # One request at a time on a connection: one that is overdue ends with it.
        http=HTTPModes.http1,
        websockets=False,
        # It warns of more threads than processors; most of ours wait for a build.
        log_level=LogLevels.error,
        log_dictconfig=LOGGED_AS_OURS,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, round(settings.shutdown_seconds)),
    )


@contextmanager
def _figures_of_workers(workers: int) -> Iterator[None]:
    """A folder in which several workers add up their figures; removed at the end."""
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
    from api.warehouse.engines import engine_of

    for number in (signal.SIGINT, signal.SIGTERM):
        # Until Granian installs its own: the inherited handlers do nothing here.
        signal.signal(number, signal.SIG_DFL)
    sys.setswitchinterval(SWITCH_SECONDS)
    parent = os.getppid()
    threading.Thread(target=_exit_without, args=(parent,), daemon=True).start()
    settings = Settings.from_env()
    engine_of(settings).never_build()
    for name in settings.secrets():
        # Granian copies the whole environment into that of each request.
        os.environ.pop(name, None)
    app = create_app(settings)
    _set_on_signal(app.extensions["context"].stopping)
    return app


def _set_on_signal(stopping: threading.Event) -> None:
    """Set the event at the first signal, beside what Granian does then.

    Granian installs its handlers later; Python writes each signal to the wake-up pipe
    whichever handler it has. Handlers run in the main thread alone, which sleeps on
    where another thread took the signal: it gets the signal once more.
    """
    waiting, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    main = threading.main_thread().ident
    assert main is not None

    def wait() -> None:
        (number,) = os.read(waiting, 1)
        stopping.set()
        signal.pthread_kill(main, number)

    threading.Thread(target=wait, daemon=True).start()


def _exit_without(parent: int) -> None:
    """End the process when its parent ends: it would hold the next server's port."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
