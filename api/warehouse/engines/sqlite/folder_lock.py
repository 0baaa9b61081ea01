"""Who has a warehouse open. An OS file lock: it goes with its process, however it ends.

Everybody shares it, except for what may only be done while nobody else is there.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.errors import WarehouseBusy


def occupy(folder: Path) -> IO[bytes]:
    """Be one of those who have the warehouse open, until the file is closed.

    Raises WarehouseBusy while somebody has it alone.
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
def alone_in(folder: Path) -> Iterator[None]:
    """Have the warehouse alone; raises WarehouseBusy while anybody has it open."""
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
