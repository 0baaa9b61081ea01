"""Trim blanks and invisible characters around the text of a cell.

The invisible ones are Unicode's default ignorable code points, except those that change
the character before them: variation selectors and tags.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
)
_LAST_SPACE = 0x3000
BLANK = "".join(
    [chr(code) for code in range(_LAST_SPACE + 1) if chr(code).isspace()]
    + [chr(code) for first, last in _INVISIBLE for code in range(first, last + 1)]
)


def bare(text: str) -> str:
    """The text without blanks and invisible characters at its ends."""
    return text.strip() if text.isascii() else text.strip(BLANK)


def trim(cells: pa.Array) -> pa.Array:
    """Each cell without blanks and invisible characters at its ends."""
    return pc.utf8_trim(cells, characters=BLANK)
