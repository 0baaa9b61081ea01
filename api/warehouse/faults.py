"""What SQLite and the operating system say of a fault, as problems that name the file
and the way out. The one place where their texts are read."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_manager

from api.database_files import DAMAGED, DERIVED
from api.errors import (
    NotReady,
    Problem,
    StorageFull,
    WarehouseBusy,
    WarehouseDamaged,
    WarehouseReadOnly,
)

BUSY = ("database is locked", "database table is locked", "database schema is locked")
FULL = ("database or disk is full",)
READ_ONLY = ("readonly database",)
# The same words for a full disk, a read-only one and a broken one; ADBC's for a file
# that cannot be opened.
UNCLEAR = ("disk I/O error", "unable to open", "failed to open")

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
MAY_NOT_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)
BROKEN = (errno.EIO, errno.EISDIR, errno.ENOTDIR)

PROBE_BYTES = 64 << 10


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Raise what goes wrong with a database file, or a folder, by its name."""
    try:
        yield
    except (adbc_driver_manager.Error, OSError) as error:
        problem = problem_of(error, path)
        if problem is None:
            raise
        raise problem from error


def problem_of(error: Exception, path: Path) -> Problem | None:
    """The problem behind an error that was met at `path`; None for any other."""
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error, path)
    told = str(error)
    if any(sign in told for sign in FULL):
        return _full(path)
    if any(sign in told for sign in READ_ONLY):
        return _read_only(path)
    if any(sign in told for sign in DAMAGED):
        return _damaged(path, _first_line(told))
    if any(sign in told for sign in BUSY):
        return WarehouseBusy(
            f"Another process holds {path.name} locked. Nothing was stored; try again."
        )
    if any(sign in told for sign in UNCLEAR):
        found = _what_hinders_writing(path)
        why = _of_the_system(found, path) if found is not None else None
        return why or _damaged(path, _first_line(told))
    return None


def _of_the_system(error: OSError, path: Path) -> Problem | None:
    if error.errno in NO_ROOM:
        return _full(path)
    if error.errno in MAY_NOT_WRITE:
        return _read_only(path)
    if error.errno in BROKEN:
        return _damaged(path, error.strerror or str(error))
    return None


def _what_hinders_writing(path: Path) -> OSError | None:
    """Try to write beside the file, and into it, since SQLite does not say what failed.

    The database is opened by no descriptor of ours: closing one would drop its locks.
    """
    folder = path if path.is_dir() else path.parent
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(bytes(PROBE_BYTES))
            os.fsync(probe.fileno())
        if path.exists() and not os.access(path, os.W_OK):
            return PermissionError(errno.EACCES, "not writable")
    except OSError as error:
        return error
    return None


def _full(path: Path) -> Problem:
    return StorageFull(
        f"There is no room left where {path} is kept. Nothing was stored. Free some"
        " space and try again; nothing has to be restarted."
    )


def _read_only(path: Path) -> Problem:
    return WarehouseReadOnly(
        f"{path} cannot be written to. Nothing was stored. Make the folder and the"
        " files in it writable again and try again; nothing has to be restarted."
    )


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


def _first_line(told: str) -> str:
    """SQLite's own words, without what the driver puts around them."""
    if "failed to open" in told:
        # What follows is about memory, whatever the cause.
        return "it cannot be opened"
    return told.splitlines()[0].rpartition(": ")[2]
