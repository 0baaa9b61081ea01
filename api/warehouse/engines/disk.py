"""Errors of the operating system as problems that name the file and the remedy."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from api.errors import Problem, StorageFull, WarehouseDamaged, WarehouseReadOnly

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
MAY_NOT_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)
BROKEN = (errno.EIO, errno.EISDIR, errno.ENOTDIR)

PROBE_BYTES = 64 << 10


def problem_of(error: OSError, path: Path) -> Problem | None:
    """The problem of an error at `path`; None for any other error."""
    if error.errno in NO_ROOM:
        return full(path)
    if error.errno in MAY_NOT_WRITE:
        return read_only(path)
    if error.errno in BROKEN:
        why = error.strerror or str(error)
        return WarehouseDamaged(f"{path} cannot be used ({why}). Nothing was stored.")
    return None


def what_hinders_writing(path: Path) -> OSError | None:
    """Try to write beside a file, and check that it is writable itself.

    The file is not opened: closing a descriptor would drop the database's locks.
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


def full(path: Path) -> Problem:
    return StorageFull(
        f"There is no room left where {path} is kept. Nothing was stored. Free some"
        " space and try again; nothing has to be restarted."
    )


def read_only(path: Path) -> Problem:
    return WarehouseReadOnly(
        f"{path} cannot be written to. Nothing was stored. Make the folder and the"
        " files in it writable again and try again; nothing has to be restarted."
    )
