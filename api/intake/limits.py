"""How much one file may hold, as whoever takes files has set it."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most bytes that a gzip file may hold, and the most rows of any file."""

    unpacked_bytes: int = sys.maxsize
    rows: int = sys.maxsize
