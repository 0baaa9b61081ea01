"""One SQLite library per process: refuse the standard module where ADBC is at work.

The ADBC driver carries a SQLite of its own. Two copies of SQLite in one process break
each other's POSIX locks (sqlite.org/howtocorrupt.html, 2.2.1), so a process that opens
the warehouse through ADBC may not open it through `sqlite3` as well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_folders: set[str] = set()
_installed = False


class TwoCopiesOfSqlite(RuntimeError):
    """`sqlite3` was about to open a file that this process reads through ADBC."""


def keep_sqlite3_out_of(folder: Path) -> None:
    """Make `sqlite3.connect` fail, in this process and for good, below `folder`."""
    global _installed
    _folders.add(os.path.realpath(folder))
    if not _installed:
        sys.addaudithook(_refuse)
        _installed = True


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "sqlite3.connect":
        return
    database = os.fsdecode(arguments[0]).removeprefix("file:").partition("?")[0]
    path = os.path.realpath(database)
    if any(path.startswith(folder + os.sep) for folder in _folders):
        raise TwoCopiesOfSqlite(
            f"{database} is open through ADBC in this process; opening it through "
            "sqlite3 as well would break the locks of both. Use another process."
        )
