"""The bytes of a CSV on their way to the parser: unpacked, hashed, checked to be text.

Rows and tables are unknown here; at most a few chunks of the file are in memory.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable
from typing import BinaryIO

from api.errors import BinaryContent, NotUtf8, UnreadableFile, choice_question
from api.intake.containers import PACKED, Container, open_content
from api.intake.encodings import (
    UTF8,
    check_not_utf8,
    decodings_of,
    detect_encoding,
    guess_utf16,
)
from api.intake.options import Limits, Said
from api.intake.unpacking import Readable, read_fully
from api.wording import quoted

# How formats that are not CSV begin.
_TEXTS = {
    "an HTML page": re.compile(r"(?i)<(!doctype html|html|head|body|table)\b"),
    "XML": re.compile(r"(?i)<\?xml\b"),
    "JSON": re.compile(r"\{\s*\"|\[\s*[\[{]"),
    "Parquet": re.compile(r"PAR1[\0-\x1f]"),
}


class Source:
    """The text of a file, part by part; raises while reading if it is not text.

    `fallback_encoding` may return the encoding of a file that is not UTF-8, given the
    first part that shows it. `ended` is set with the last part; from then on `sha256`
    is the digest (hex) of the whole unpacked file. `container` is set with the first
    part.
    """

    def __init__(
        self,
        stream: BinaryIO,
        limits: Limits,
        said: Said,
        fallback_encoding: Callable[[bytes], str | None],
    ) -> None:
        self.ended = False
        self.encoding = UTF8
        self.container = Container()
        self._said = said.encoding
        self._sheet = said.sheet
        self._fallback_encoding = fallback_encoding
        self._is_ascii = True
        self._stream = stream
        self._limits = limits
        self._plain: Readable | None = None
        self._hash = hashlib.sha256()
        self._decode_as(UTF8)
        self._offset = 0
        self._line = 1
        self._after_return = False

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def pull(self, size: int) -> bytes:
        """The text of the next `size` bytes, as UTF-8; see `ended` for the last."""
        if self._plain is None:
            self._plain, self.container = open_content(
                self._stream, self._limits, self._sheet
            )
        chunk = read_fully(self._plain, size)
        self.ended = len(chunk) < size
        self._hash.update(chunk)
        # The text of a workbook is written by our own process.
        if not self._offset and not self.container.is_workbook:
            _check_known_formats(chunk)
            self._decode_as(detect_encoding(chunk, self._said))
        text = self._text(chunk)
        if self._after_return and text.startswith(b"\n"):
            # One line end, split between two chunks.
            self._line -= 1
        self._check_nul(text)
        self._offset += len(chunk)
        self._line += _line_ends(text)
        self._after_return = text.endswith(b"\r")
        return text

    def close(self) -> None:
        """Stop reading, and end what unpacks the file."""
        if self._plain:
            self._plain.close()

    def _text(self, chunk: bytes) -> bytes:
        waiting = self._decoder.getstate()[0]
        if self.encoding == UTF8 and not waiting and chunk.isascii():
            return chunk
        is_first, self._is_ascii = self._is_ascii, self._is_ascii and chunk.isascii()
        if is_first and not self._is_ascii:
            check_not_utf8(chunk, self.encoding, self.ended)
        try:
            text = self._decoder.decode(chunk, final=self.ended)
        except UnicodeDecodeError as error:
            may_be_another = is_first and self.encoding == UTF8 and not self._said
            encoding = self._fallback_encoding(chunk) if may_be_another else None
            if not encoding:
                raise self._undecodable(waiting + chunk, error, len(waiting)) from None
            self._decode_as(encoding)
            return self._text(chunk)
        return chunk if self.encoding == UTF8 else text.encode()

    def _decode_as(self, encoding: str) -> None:
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def _undecodable(
        self, text: bytes, error: UnicodeDecodeError, waiting: int
    ) -> UnreadableFile:
        start = error.start
        byte = text[start : start + 1]
        before = text[:start].decode(self.encoding, errors="replace").encode()
        line = self._line + _line_ends(before)
        offset = self._offset - waiting + start
        place = f"Byte {offset:,} (0x{byte.hex()}, on line {line:,})"
        if self._said:
            return UnreadableFile(f"{place} is not {self._said}, as encoding says.")
        if self.encoding != UTF8:
            return UnreadableFile(f"{place} is not {self.encoding}: save it as UTF-8.")
        self._check_nul(text)
        shown = _line_around(text, start)
        read = quoted(shown.decode("cp1252", errors="replace"))
        return NotUtf8(
            f"{place} is not UTF-8. As Windows-1252 that line reads {read}: if this is"
            " right, say encoding=windows-1252 in the form. Otherwise save the file as"
            " UTF-8.",
            question=choice_question("encoding", decodings_of(shown)),
        )

    def _check_nul(self, text: bytes) -> None:
        place = text.find(b"\0")
        if place < 0:
            return
        line = self._line + _line_ends(text[:place])
        problem = (
            f"Byte {self._offset + place:,}, on line {line:,}, is NUL (0x00), which no"
            " text holds."
        )
        wide = guess_utf16(text) if self.encoding == UTF8 else None
        if not wide:
            raise BinaryContent(f"{problem} Save the table as CSV in UTF-8.")
        read = text[: len(text) // 2 * 2][:80].decode(wide, errors="replace")
        raise BinaryContent(
            f"{problem} It looks like UTF-16: say encoding={wide} in the form.",
            question=choice_question(
                "encoding", {wide: read.partition("\n")[0].strip()}
            ),
        )


def _check_known_formats(start: bytes) -> None:
    if start.startswith(PACKED):
        raise BinaryContent(
            "The file is packed twice (from its first bytes on): unpack it once, and"
            " send what comes out."
        )
    # Without the NULs that UTF-16 has between its characters.
    plain = start[:1000].replace(b"\0", b"")
    text = plain.decode(errors="ignore").lstrip("\ufeff \t\r\n")
    for name, begins in _TEXTS.items():
        if begins.match(text):
            raise BinaryContent(
                f"The file is {name}, not CSV (from its first characters on): save the"
                " table as CSV, UTF-8."
            )


def _line_around(text: bytes, place: int) -> bytes:
    """The line of a byte, at most 40 bytes on each side."""
    start = max(text.rfind(b"\n", 0, place), text.rfind(b"\r", 0, place)) + 1
    end = min(
        (n for n in (text.find(b"\n", place), text.find(b"\r", place)) if n >= 0),
        default=len(text),
    )
    return text[max(start, place - 40) : min(end, place + 40)]


def _line_ends(text: bytes) -> int:
    returns = text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0
    return text.count(b"\n") + returns
