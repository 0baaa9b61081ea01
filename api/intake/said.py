"""What the sender of a file says of how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass

from api.contract.model import Dates


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
