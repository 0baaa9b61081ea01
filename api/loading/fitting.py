"""Which tables a file may be for, by how its first rows fit each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from api.contract import Table
from api.errors import AmbiguousReading, NotUtf8, Problem, Unusable
from api.intake import CsvFile, Remembered
from api.loading.options import LoadOptions


@dataclass(frozen=True)
class Fit:
    """How the first rows of a file fit a table; `problem` is why it cannot be read."""

    table: str
    rows: int = 0
    good: int = 0
    has_header: bool = False
    reading: Any = None
    problem: Problem | None = None

    @property
    def fits(self) -> bool:
        return self.problem is None and self.good > 0


def fits_of(
    tables: Iterable[Table],
    stream: BinaryIO,
    options: LoadOptions,
    remembered: Mapping[str, Remembered],
) -> list[Fit]:
    """The fits of each table, the best first; raises what is wrong for all of them."""
    found = []
    for table in tables:
        stream.seek(0)
        found.append(_fit(table, stream, options, remembered[table.name]))
    unread = [fit.problem for fit in found if isinstance(fit.problem, NotUtf8)]
    if unread and len(unread) == len(found):
        # Not of this table or that, and to be answered before all else.
        raise unread[0]
    return sorted(found, key=_rank)


def _fit(
    table: Table, stream: BinaryIO, options: LoadOptions, remembered: Remembered
) -> Fit:
    file = CsvFile(
        table, stream, limits=options.limits, said=options.said, remembered=remembered
    )
    try:
        rows, good = file.sample()
    except (NotUtf8, Unusable) as problem:
        return Fit(table.name, problem=problem)
    return Fit(table.name, rows, good, file.header is not None, file.reading)


def _rank(fit: Fit) -> tuple[bool, bool, float]:
    share = fit.good / fit.rows if fit.rows else 0.0
    asked = isinstance(fit.problem, AmbiguousReading)
    return not fit.fits, not (fit.has_header or asked), -share
