"""Recovery of databases: a damaged main.db or published.db is set aside and rebuilt.

Both hold only what the ledger in raw.db gives; raw.db itself comes back only from a
snapshot.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from api.warehouse.engines.sqlite.builder_store.database import LOCK_SECONDS
from api.warehouse.engines.sqlite.files import DAMAGED, DERIVED, PARTS
from api.warehouse.utc import utc_text

# A full disk is reported so, too.
SIGNS = (*DAMAGED, "disk I/O error")
ASIDE = ".damaged-"

Stamp = tuple[int, int, int]

log = logging.getLogger("builder")


def hints_at_damage(message: str) -> bool:
    """Whether an error may come from a damaged file."""
    return any(sign in message for sign in SIGNS)


def set_aside_damaged(folder: Path) -> bool:
    """Set damaged files aside under dated names; returns whether there were any."""
    damaged = [name for name in DERIVED if is_damaged(folder / name)]
    for name in damaged:
        _set_aside(folder, name)
        log.error("%s is damaged; it is set aside and built anew", folder / name)
    return bool(damaged)


def set_aside_derived(folder: Path) -> None:
    """Set both aside: they were built from another ledger."""
    for name in DERIVED:
        _set_aside(folder, name)


def clear_what_lost_files_left(folder: Path) -> None:
    """Set aside a log without its database: the next database would read it."""
    for name in DERIVED:
        if _is_gone(folder / name):
            log.error("%s is gone; it is built anew", folder / name)
            _set_aside(folder, name)


def is_damaged(path: Path) -> bool:
    """Read all of a database; False where there is none, or where it is locked."""
    if _is_gone(path) or not path.exists():
        return _is_gone(path)
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as connection:
            found = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return any(sign in str(error) for sign in DAMAGED)
    return bool(found[0] != "ok")


def stamp(path: Path) -> Stamp | None:
    """The state of a file, by its metadata; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_gone(path: Path) -> bool:
    """Whether only the log is left; a database with a log is never empty."""
    if path.exists() and path.stat().st_size:
        return False
    return any(path.with_name(path.name + suffix).exists() for suffix in PARTS[1:])


def _set_aside(folder: Path, name: str) -> None:
    """Remove all but the newest file set aside of each database."""
    for old in folder.glob(f"{name}*{ASIDE}*"):
        old.unlink()
    now = utc_text().replace(":", "")
    for path in _parts(folder, name):
        path.rename(path.with_name(f"{path.name}{ASIDE}{now}"))


def _parts(folder: Path, name: str) -> Iterator[Path]:
    for suffix in PARTS:
        path = folder / f"{name}{suffix}"
        if path.exists():
            yield path
