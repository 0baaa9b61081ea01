"""Repair quotes that break RFC 4180, so that one affects only its own record.

Only blanks, a delimiter or a line end may follow the quote that closes a cell. Parsers
accept anything there, so that one missing quote swallows the rows up to the next quote.
"""

from __future__ import annotations

import codecs
import re

import numpy as np

_BOM = codecs.BOM_UTF8
LINE_END = re.compile(rb"\r\n|\n|\r")
_STARTS_WITH_BOM = re.compile(rb"(?:\A|[\r\n])" + _BOM)
# The first character of a cell that holds a stray record; no other text has a NUL.
STRAY = "\0"
_OPEN = f'"{STRAY}'
# Line ends inside quoted cells that are tried at the end of a part; few need more.
_MOST_STEPS = 10


class QuoteRepair:
    """Rewrites a file's bytes, part by part, so that every quote is closed.

    A record with a stray quote becomes one cell of a row that is wider than any other,
    see `stray_record`; line breaks stay where they are. Byte order marks before records
    are removed. `most` is the limit of bytes in a record, `width` that of cells.
    `waiting` is a record whose end has not been read yet.
    """

    def __init__(self, width: int, most: int, delimiter: str = ",") -> None:
        self.waiting = b""
        self._most = most
        self._filling = delimiter.encode() * width
        neighbours = np.zeros(256, np.bool_)
        neighbours[list(b'\r\n"' + delimiter.encode())] = True
        self._neighbours = neighbours
        mark = re.escape(delimiter.encode())
        blanks = rb" " if delimiter == "\t" else rb" \t"
        quoted = rb'"(?:[^"]++|"")*+"[%s]*+' % blanks
        cell = rb'(?:%s|(?!")[^%s\r\n]*+)' % (quoted, mark)
        record = rb"(?!%s)%s(?:%s%s)*+(?:\r\n|\n|\r)" % (_BOM, cell, mark, cell)
        self._quoted = re.compile(quoted)
        self._cells = re.compile(rb"(?:%s%s)*+" % (cell, mark))
        self._records = re.compile(rb"(?:%s)*+" % record)

    def repair(self, part: bytes, is_last: bool) -> bytes:
        """The complete records of what has been read so far, each with a line end."""
        text = self.waiting + part
        if is_last:
            whole = len(text)
            if whole and not text.endswith(b"\n"):
                text, whole = text + b"\n", whole + 1
        else:
            # A \n may follow the \r at the end.
            whole = len(text) - text.endswith(b"\r")
        end = self._sound_until(text, whole)
        records = text[:end]
        if end < whole and (is_last or not end):
            repaired, end = self._one_by_one(text, end, whole, is_last)
            records += repaired
        self.waiting = text[end:]
        return records

    def _sound_until(self, text: bytes, whole: int) -> int:
        """The end of the last complete record; 0 if a quote before it is invalid."""
        if _BOM[:1] in text and _STARTS_WITH_BOM.search(text):
            return 0
        end = _after_line_end(text, whole)
        if b'"' not in text:
            return end
        characters = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(characters == ord('"'))
        for _ in range(_MOST_STEPS):
            before = int(np.searchsorted(quotes, end))
            if before % 2 == 0:
                break
            # This line end is inside a quoted cell, or a quote is invalid.
            end = _after_line_end(text, int(quotes[before - 1]))
        else:
            return 0
        opening, closing = quotes[:before:2], quotes[1:before:2]
        if before and not opening[0]:
            opening = opening[1:]
        near = self._neighbours
        sound = near.take(characters.take(opening - 1)).all()
        return end if sound and near.take(characters.take(closing + 1)).all() else 0

    def _one_by_one(
        self, text: bytes, place: int, whole: int, is_last: bool
    ) -> tuple[bytes, int]:
        """The complete records from `place` on, repaired if needed, and their end."""
        parts: list[bytes] = []
        while place < whole:
            if text.startswith(_BOM, place):
                place += len(_BOM)
            end = _end(self._records, text, place, whole)
            parts.append(text[place:end])
            place = end
            if place == whole or text.startswith(_BOM, place):
                continue
            quote = _end(self._cells, text, place, whole)
            line_end = LINE_END.search(text, quote, whole)
            may_go_on = not is_last and len(text) - place <= self._most
            if may_go_on and (not line_end or self._is_open(text, quote, whole)):
                break
            if not line_end or text[quote : quote + 1] != b'"':
                # Too long for any record: the reader of the records raises.
                parts.append(text[place:])
                return b"".join(parts), len(text)
            parts.append(self._marked(text[place : line_end.start()]))
            parts.append(line_end.group())
            place = line_end.end()
        return b"".join(parts), place

    def _is_open(self, text: bytes, quote: int, whole: int) -> bool:
        """Whether bytes that have not been read yet may close the cell correctly."""
        cell = self._quoted.match(text, quote, whole)
        return not cell or cell.end() == whole

    def _marked(self, record: bytes) -> bytes:
        text = record.replace(b'"', b'""')
        return _OPEN.encode() + text + b'"' + self._filling


def stray_record(text: str) -> str | None:
    """The record that `QuoteRepair` wrapped in this one; None if it wrapped none."""
    if not text.startswith(_OPEN):
        return None
    return text[len(_OPEN) : text.rindex('"')].replace('""', '"')


def _end(pattern: re.Pattern[bytes], text: bytes, start: int, whole: int) -> int:
    """The end of the pattern's match at `start`, or `start` if there is none."""
    match = pattern.match(text, start, whole)
    return match.end() if match else start


def _after_line_end(text: bytes, before: int) -> int:
    """The offset after the last line end before `before`, or 0."""
    return max(text.rfind(b"\n", 0, before), text.rfind(b"\r", 0, before)) + 1
