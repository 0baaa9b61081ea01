"""Options of an uploaded file: its limits, and how its sender says it is to be read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from api.contract import Dates
from api.errors import TooManyRows


@dataclass(frozen=True)
class Limits:
    """The most bytes that a packed file may hold, and the most rows of any file."""

    unpacked_bytes: int = sys.maxsize
    rows: int = sys.maxsize

    def check_rows(self, count: int) -> None:
        """Raise TooManyRows if the file has more rows than allowed."""
        if count > self.rows:
            raise TooManyRows(
                f"The file holds more than {self.rows:,} rows"
                " (MAX_UPLOAD_ROWS). Send them in several files."
            )


@dataclass(frozen=True)
class Said:
    """How a file is to be read; what is None or empty is detected.

    `encoding` is Python's name of it; `columns` are headers of the file, each with the
    table's column that it means; `sheet` is a sheet of a workbook or a file of a zip.
    Field names and repr are part of fingerprints that the warehouse stores.
    """

    encoding: str | None = None
    delimiter: str | None = None
    dates: Dates | None = None
    columns: tuple[tuple[str, str], ...] = ()
    sheet: str | None = None

    def or_else(self, other: Said) -> Said:
        """These options; those that are not set have the values of the other."""
        unset = [f.name for f in fields(self) if not getattr(self, f.name)]
        return replace(self, **{name: getattr(other, name) for name in unset})


@dataclass(frozen=True)
class RememberedReading:
    """Options that a sender stored for all files with this header.

    `actor` stored them at `remembered_at` (UTC, ISO 8601).
    """

    reading_id: int
    header: tuple[str, ...]
    said: Said
    actor: str | None = None
    remembered_at: str = ""


Remembered = Sequence[RememberedReading]
