"""What the sender of a file says of how it is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from api.contract.values import Dates


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
