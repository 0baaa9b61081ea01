"""The builder of a server, held still: what is asked of it meanwhile waits."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.server import Server, wait_until


@contextmanager
def held_builder(server: Server) -> Iterator[None]:
    """No build of a server that has just started where it needed none.

    It takes the processor for seconds each time that rows come in, and where those are
    what is tested, nobody looks at what it makes of them. The server needs a log.
    """
    log = server.log
    assert log is not None
    # Until then it may hold a lock, and would keep it.
    wait_until(lambda: '"build_unneeded"' in log.read_text())
    with _stopped(server.builder):
        yield


@contextmanager
def built_together(server: Server) -> Iterator[None]:
    """All that comes meanwhile is in one build, which begins afterwards.

    Else the first of it would have one, and the rest another. The server needs a log,
    and all that it holds is built.
    """
    log = server.log
    assert log is not None
    newest = server.get("/builds?limit=1").json()[0]["build_id"]
    # Told once everything is done that belongs to a build.
    wait_until(lambda: f'"build_id":{newest},' in log.read_text())
    with _stopped(server.builder):
        yield


@contextmanager
def _stopped(builder: int) -> Iterator[None]:
    os.kill(builder, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(builder, signal.SIGCONT)
