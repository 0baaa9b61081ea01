"""One SQLite library per process: the standard module fails where ADBC is in use.

The ADBC driver carries a SQLite of its own. Two copies of SQLite in one process break
each other's POSIX locks (sqlite.org/howtocorrupt.html, 2.2.1), and so does opening and
closing a database as a plain file. So a process that opens the warehouse through ADBC
may open its databases in no other way.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

# What SQLite locks: the database itself, and the index of its log.
LOCKED = (".db", ".db-shm")
MODULES = ("sqlite3", "_sqlite3")

_folders: set[str] = set()
_unwanted: set[str] = set()


class TwoCopiesOfSqlite(RuntimeError):
    """A file that this process opens through ADBC must not be opened otherwise."""


def keep_sqlite3_out_of(folder: Path) -> None:
    """Make any other access to the databases of `folder` fail in this process.

    That is `sqlite3.connect` by any name of a file, and Python's `open`. What a
    statement attaches cannot be seen from here: see `keep_sqlite3_out`.
    """
    if not _folders and not _unwanted:
        sys.addaudithook(_refuse)
    _folders.add(os.path.realpath(folder))


def keep_sqlite3_out() -> None:
    """Make importing `sqlite3` fail too; for a process that does not need it."""
    if not _folders and not _unwanted:
        sys.addaudithook(_refuse)
    _unwanted.update(MODULES)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        # Called for every file that this process opens: mostly the name decides.
        name = arguments[0]
        if isinstance(name, str | bytes) and os.fsdecode(name).endswith(LOCKED):
            _refuse_below(os.fsdecode(name), "as a plain file")
    elif event == "sqlite3.connect":
        _refuse_below(os.fsdecode(arguments[0]), "through sqlite3")
    elif event == "import" and arguments[0] in _unwanted:
        raise TwoCopiesOfSqlite(
            "This process reads the warehouse through ADBC, which has a SQLite of its"
            f" own; {arguments[0]} would break its locks. Use another process."
        )


def _refuse_below(name: str, how: str) -> None:
    if _is_ours(name):
        raise TwoCopiesOfSqlite(
            f"{name} is open through ADBC in this process; opening it {how} as well"
            " would break its locks. Use another process."
        )


def _is_ours(name: str) -> bool:
    """Whether that name leads SQLite to a file of the warehouse."""
    if name in ("", ":memory:"):
        return False
    found = {os.path.realpath(path) for path in (name, _path_of_uri(name))}
    beside_them = not _folders.isdisjoint(map(os.path.dirname, found))
    return beside_them or not _files(found).isdisjoint(_files(_databases()))


def _path_of_uri(name: str) -> str:
    """The path in a `file:` URI; any other name as it is."""
    path = unquote(name.removeprefix("file:").partition("?")[0].partition("#")[0])
    if name.startswith("file://"):
        # file://localhost/path, file:///path
        path = "/" + path.removeprefix("//").partition("/")[2]
    return path


def _databases() -> list[str]:
    return [
        os.path.join(folder, name)
        for folder in _folders
        if os.path.isdir(folder)
        for name in os.listdir(folder)
        if name.endswith(LOCKED)
    ]


def _files(paths: list[str] | set[str]) -> set[tuple[int, int]]:
    """The files at these paths, by device and inode: a hard link is another name."""
    found = set()
    for path in paths:
        try:
            stat = os.stat(path)
        except (OSError, ValueError):
            continue
        found.add((stat.st_dev, stat.st_ino))
    return found
