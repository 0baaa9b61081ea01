"""How much one file may hold, as whoever takes files has set it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

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
