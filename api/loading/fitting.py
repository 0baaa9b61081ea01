"""Which tables a file may be for, by how well its first rows fit each of them."""

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
    """The fit of each table, the best first; raises NotUtf8 if all of them do."""
    fits = []
    for table in tables:
        stream.seek(0)
        fits.append(_fit(table, stream, options, remembered[table.name]))
    unread = [fit.problem for fit in fits if isinstance(fit.problem, NotUtf8)]
    if unread and len(unread) == len(fits):
        # The encoding does not depend on the table, and has to be chosen first.
        raise unread[0]
    return sorted(fits, key=_rank)


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
    is_question = isinstance(fit.problem, AmbiguousReading)
    return not fit.fits, not (fit.has_header or is_question), -share
