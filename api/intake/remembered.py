"""Which remembered reading is that of a file: the one under whose header it stands."""

from __future__ import annotations

from itertools import islice

from api.intake.blanks import bare
from api.intake.encodings import UTF8
from api.intake.header import RECORDS, delimiters_in, records_of
from api.intake.options import Remembered, RememberedReading


def remembered_reading(
    remembered: Remembered, text: bytes, is_utf8: bool
) -> RememberedReading | None:
    """That of a file which begins with this text, in UTF-8 or as it was said to be."""
    for known in remembered:
        encoding = UTF8 if is_utf8 else known.said.encoding
        if not encoding:
            continue
        read = text.decode(encoding, errors="replace")
        marks = known.said.delimiter or delimiters_in(text)
        if any(_has_header(read, mark, known.header) for mark in marks):
            return known
    return None


def _has_header(text: str, delimiter: str, header: tuple[str, ...]) -> bool:
    return any(
        tuple(map(bare, cells)) == header
        for cells, _ in islice(records_of(text, delimiter), RECORDS)
    )
