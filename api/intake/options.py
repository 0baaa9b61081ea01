"""What the sender of a file says of how it is to be read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from api.contract.values import Dates
from api.errors import TooManyRows


@dataclass(frozen=True)
class Limits:
    """The most bytes that a packed file may hold, and the most rows of any file."""

    unpacked_bytes: int = sys.maxsize
    rows: int = sys.maxsize

    def refuse_more_rows(self, count: int) -> None:
        """Raise TooManyRows when so many are more than one file may hold."""
        if count > self.rows:
            raise TooManyRows(
                f"The file holds more than {self.rows:,} rows"
                " (MAX_UPLOAD_ROWS). Send them in several files."
            )


@dataclass(frozen=True)
class Said:
    """Each is taken as it is said; None, or nothing, is left to the file itself.

    `encoding` as Python names it; `columns` are headers of the file, each with the
    table's column that it means; `sheet` is a sheet of a workbook or a file of a zip.
    """

    encoding: str | None = None
    delimiter: str | None = None
    dates: Dates | None = None
    columns: tuple[tuple[str, str], ...] = ()
    sheet: str | None = None

    def or_else(self, other: Said) -> Said:
        """What is not said here as the other has it."""
        silent = [f.name for f in fields(self) if not getattr(self, f.name)]
        return replace(self, **{name: getattr(other, name) for name in silent})


@dataclass(frozen=True)
class RememberedReading:
    """What was said of a file under `header`, and holds for the next one under it.

    `actor` said so, at `remembered_at` (UTC, ISO 8601).
    """

    reading_id: int
    header: tuple[str, ...]
    said: Said
    actor: str | None = None
    remembered_at: str = ""


Remembered = Sequence[RememberedReading]
