"""The lock that only one builder of a warehouse holds: an OS file lock, which ends with
its process."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.warehouse.engines.builder_store import AnotherBuilder

PATIENCE_SECONDS = 1.0


@contextmanager
def only_builder(folder: Path) -> Iterator[None]:
    """Hold the lock of the warehouse in `folder`; raises AnotherBuilder."""
    with _file(folder).open("a+") as file:
        _acquire(file.fileno(), folder)
        # For people; the lock also holds without it, as on a full disk.
        with suppress(OSError):
            file.truncate(0)
            os.write(file.fileno(), b"%d\n" % os.getpid())
        yield


def builder_is_running(folder: Path) -> bool:
    """Whether a process holds the lock of the warehouse in `folder`."""
    try:
        # Opened for reading, which works where nothing can be written.
        with _file(folder).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _file(folder: Path) -> Path:
    return folder / "builder.lock"


def _acquire(descriptor: int, folder: Path) -> None:
    # `builder_is_running` holds the lock for an instant: try for a while.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise AnotherBuilder(f"{folder} has a builder already") from None
            time.sleep(0.02)
