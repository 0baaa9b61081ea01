"""Errors of SQLite as problems that name the file and the remedy: the one place that
reads its messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_manager

from api.errors import NotReady, Problem, WarehouseBusy, WarehouseDamaged
from api.warehouse.engines import disk
from api.warehouse.engines.sqlite.files import DAMAGED, DERIVED

BUSY = ("database is locked", "database table is locked", "database schema is locked")
FULL = ("database or disk is full",)
READ_ONLY = ("readonly database",)
# The same message for a full, a read-only and a broken disk; ADBC's for a file that
# cannot be opened.
UNCLEAR = ("disk I/O error", "unable to open", "failed to open")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Raise an error of a database file or folder as the problem that names it."""
    try:
        yield
    except (adbc_driver_manager.Error, OSError) as error:
        problem = problem_of(error, path)
        if problem is None:
            raise
        raise problem from error


def problem_of(error: Exception, path: Path) -> Problem | None:
    """The problem of an error at `path`; None for any other error."""
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, path)
    message = str(error)
    if any(sign in message for sign in FULL):
        return disk.full(path)
    if any(sign in message for sign in READ_ONLY):
        return disk.read_only(path)
    if any(sign in message for sign in DAMAGED):
        return _damaged(path, _first_line(message))
    if any(sign in message for sign in BUSY):
        return WarehouseBusy(
            f"Another process holds {path.name} locked. Nothing was stored; try again."
        )
    if any(sign in message for sign in UNCLEAR):
        found = disk.what_hinders_writing(path)
        why = _of_the_system(found, path) if found is not None else None
        return why or _damaged(path, _first_line(message))
    return None


def _of_the_system(error: OSError, path: Path) -> Problem | None:
    if error.errno in disk.BROKEN:
        return _damaged(path, error.strerror or str(error))
    return disk.problem_of(error, path)


def _damaged(path: Path, why: str) -> NotReady:
    if path.name in DERIVED:
        return WarehouseDamaged(
            f"{path} is damaged ({why}). The builder sets it aside and builds it anew"
            " from the loads by itself: try again in a minute."
        )
    return WarehouseDamaged(
        f"{path} is damaged ({why}). Nothing was stored. It holds the uploaded rows:"
        " stop the server and put the newest snapshot back."
    )


def _first_line(message: str) -> str:
    """SQLite's message, without what the driver adds to it."""
    if "failed to open" in message:
        # The rest speaks of memory, whatever the cause.
        return "it cannot be opened"
    return message.splitlines()[0].rpartition(": ")[2]
