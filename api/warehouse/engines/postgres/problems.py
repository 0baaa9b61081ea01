"""Errors of PostgreSQL as problems that name the remedy: the one place that reads its
codes (PostgreSQL's manual, appendix A)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager

from api.errors import (
    NotBuilt,
    Problem,
    StorageFull,
    WarehouseBusy,
    WarehouseReadOnly,
    WarehouseUnreachable,
)

AWAY = (
    "PostgreSQL cannot be reached ({}). Nothing was stored. Try again; when it is back,"
    " nothing has to be restarted."
)
# Connections refused or cut by the server, and by its shutdown.
CUT = ("08", "57P", "53300")
FULL = ("53100",)
READ_ONLY = ("25006", "42501")
BUSY = ("55P03", "40001", "40P01")
NO_SUCH_TABLE = ("42P01", "3F000")


@contextmanager
def named() -> Iterator[None]:
    """Raise an error of the server as a problem, if it is one."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        problem = problem_of(error)
        if problem is None:
            raise
        raise problem from error


def problem_of(error: adbc_driver_manager.Error) -> Problem | None:
    """The problem of an error; None for any other error."""
    code, why = error.sqlstate or "", _first_line(str(error))
    if code.startswith(CUT) or not code and _is_cut(error):
        return WarehouseUnreachable(AWAY.format(why))
    if code.startswith(FULL):
        return StorageFull(
            f"PostgreSQL has no room left ({why}). Nothing was stored. Free some space"
            " and try again; nothing has to be restarted."
        )
    if code.startswith(READ_ONLY):
        return WarehouseReadOnly(
            f"PostgreSQL does not let this be written ({why}). Nothing was stored. Let"
            " the role of PGUSER write, on a server that is no replica, and try again."
        )
    if code.startswith(BUSY):
        return WarehouseBusy(
            f"Another process holds the warehouse locked ({why}). Nothing was stored;"
            " try again."
        )
    if code.startswith(NO_SUCH_TABLE):
        return NotBuilt(f"It is not there now ({why}). Try again in a few seconds.")
    return None


def _is_cut(error: adbc_driver_manager.Error) -> bool:
    """Errors of the client library, which have no code."""
    return isinstance(error, adbc_driver_manager.OperationalError)


def _first_line(message: str) -> str:
    """The server's message, without what the driver adds to it."""
    line = message.splitlines()[0]
    for sign in ("FATAL:", "ERROR:"):
        line = line.rpartition(sign)[2]
    return line.partition(" SQLSTATE")[0].strip(" .")
