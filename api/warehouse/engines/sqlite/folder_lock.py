"""The lock on the folder of a warehouse: an OS file lock, which ends with its process.

Every process that opens the warehouse shares it; a restored snapshot needs it alone.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.errors import WarehouseBusy


def shared_lock(folder: Path) -> IO[bytes]:
    """Share the lock until the file is closed.

    Raises WarehouseBusy while another process holds it alone.
    """
    file = _file(folder)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise WarehouseBusy(
            f"{folder} is being put back from a snapshot. Try again when that is done."
        ) from None
    return file


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Hold the lock alone; raises WarehouseBusy while another process holds it."""
    with _file(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseBusy(
                f"{folder} is in use. Stop its server, its builder and every command"
                " that works on it, then try again."
            ) from None
        yield


def _file(folder: Path) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "in-use.lock").open("ab")
