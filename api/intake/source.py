"""The bytes of a CSV on their way to the parser: unzipped, hashed, known to be text.

Knows nothing of rows and tables; never holds more than a few chunks of the file.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from types import SimpleNamespace
from typing import BinaryIO, Protocol, cast

from api.errors import BinaryContent, BrokenGzip, NotUtf8, TooLarge, UnreadableFile
from api.foreign_text import quoted
from api.intake.encodings import UTF8, encoding_of, refuse_utf8
from api.intake.limits import Limits
from api.intake.said import Said

_GZIP = b"\x1f\x8b"
# Texts that are no CSV, and how they begin.
_TEXTS = {
    "an HTML page": re.compile(r"(?i)<(!doctype html|html|head|body|table)\b"),
    "XML": re.compile(r"(?i)<\?xml\b"),
    "JSON": re.compile(r"\{\s*\"|\[\s*[\[{]"),
    "Parquet": re.compile(r"PAR1[\0-\x1f]"),
}
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# No table packs better than this; what does is made to fill a disk or a memory.
_MOST_RATIO = 200
_RATIO_FROM = 64 << 20  # bytes of content, until which any ratio will do
# Of packed bytes that hold next to nothing: empty members, endless names and padding.
_MOST_EMPTY = 2 << 20


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Source:
    """The text of a file, part by part; refuses what is no text while it is read.

    `ended` is set with the last part; from then on `sha256` is the digest (hex) of the
    whole unzipped file.
    """

    def __init__(
        self, stream: BinaryIO, limits: Limits, said: Said | None = None
    ) -> None:
        self.ended = False
        self.encoding = UTF8
        self._said = said.encoding if said else None
        self._stream = stream
        self._limits = limits
        self._plain: _Readable | None = None
        self._hash = hashlib.sha256()
        self._decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder(
            "utf-8"
        )()
        self._offset = 0
        self._is_ascii = True
        self._line = 1
        self._after_return = False

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def pull(self, size: int) -> bytes:
        """The text of the next `size` bytes, as UTF-8; see `ended` for the last."""
        if self._plain is None:
            self._plain = _unzipped(self._stream, self._limits)
        chunk = _fill(self._plain, size)
        self.ended = len(chunk) < size
        self._hash.update(chunk)
        if not self._offset:
            _refuse_known_formats(chunk)
            self.encoding = encoding_of(chunk, self._said)
            self._decoder = codecs.getincrementaldecoder(self.encoding)()
        text = self._text(chunk)
        if self._after_return and text.startswith(b"\n"):
            # One line end, cut in two.
            self._line -= 1
        self._refuse_nul(text)
        self._offset += len(chunk)
        self._line += _line_ends(text)
        self._after_return = text.endswith(b"\r")
        return text

    def _text(self, chunk: bytes) -> bytes:
        waiting = self._decoder.getstate()[0]
        if self.encoding == UTF8 and not waiting and chunk.isascii():
            return chunk
        if self._is_ascii and not chunk.isascii():
            self._is_ascii = False
            refuse_utf8(chunk, self.encoding, self.ended)
        try:
            text = self._decoder.decode(chunk, final=self.ended)
        except UnicodeDecodeError as error:
            raise self._undecodable(waiting + chunk, error, len(waiting)) from None
        return chunk if self.encoding == UTF8 else text.encode()

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
        shown = _line_around(text, start).decode("cp1252", errors="replace")
        return NotUtf8(
            f"{place} is not UTF-8. As Windows-1252 that line reads {quoted(shown)}: if"
            " this is right, say encoding=windows-1252 in the form. Otherwise save the"
            " file as UTF-8."
        )

    def _refuse_nul(self, text: bytes) -> None:
        place = text.find(b"\0")
        if place < 0:
            return
        line = self._line + _line_ends(text[:place])
        hint = "Save the table as CSV in UTF-8"
        if self.encoding == UTF8 and text[1::2].count(0) > len(text) // 4:
            hint = "It looks like UTF-16: say encoding=utf-16-le in the form"
        raise BinaryContent(
            f"Byte {self._offset + place:,}, on line {line:,}, is NUL (0x00), which no"
            f" text holds. {hint}."
        )


def _refuse_known_formats(start: bytes) -> None:
    if start.startswith(_SPREADSHEETS):
        raise BinaryContent(
            "The file looks like an Excel or zip file (from its first bytes on): "
            "save the sheet as CSV, UTF-8."
        )
    # Without the NULs that stand between its characters in UTF-16.
    plain = start[:1000].replace(b"\0", b"")
    text = plain.decode(errors="ignore").lstrip("\ufeff \t\r\n")
    for name, begins in _TEXTS.items():
        if begins.match(text):
            raise BinaryContent(
                f"The file is {name}, not CSV (from its first characters on): save the"
                " table as CSV, UTF-8."
            )


def _line_around(text: bytes, place: int) -> bytes:
    """The line that the byte stands on, or what there is of it."""
    start = max(text.rfind(b"\n", 0, place), text.rfind(b"\r", 0, place)) + 1
    end = min(
        (n for n in (text.find(b"\n", place), text.find(b"\r", place)) if n >= 0),
        default=len(text),
    )
    return text[max(start, place - 40) : min(end, place + 40)]


def _line_ends(text: bytes) -> int:
    returns = text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0
    return text.count(b"\n") + returns


def _fill(stream: _Readable, size: int) -> bytes:
    """Read until `size` bytes are there or the stream has ended."""
    chunk = stream.read(size)
    while 0 < len(chunk) < size:
        more = stream.read(size - len(chunk))
        if not more:
            break
        chunk += more
    return chunk


def _unzipped(stream: BinaryIO, limits: Limits) -> _Readable:
    start = _fill(stream, len(_GZIP))
    whole = _Rejoined(start, stream)
    return _Gunzipped(whole, limits.unpacked_bytes) if start == _GZIP else whole


class _Rejoined:
    """A stream with its first bytes, already read, put back."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._start:
            chunk, self._start = self._start[:size], self._start[size:]
            return chunk
        return self._rest.read(size)


class _Gunzipped:
    """The content of a gzip stream; damage and bombs become our own errors."""

    def __init__(self, stream: _Rejoined, most: int) -> None:
        self._stream = stream
        self._most = most
        self._taken = 0
        self._content = 0
        packed = SimpleNamespace(read=self._packed)
        self._file = gzip.GzipFile(fileobj=cast(BinaryIO, packed), mode="rb")

    def read(self, size: int, /) -> bytes:
        chunk = self._unpacked(size)
        self._content += len(chunk)
        if self._content > self._most:
            raise TooLarge(
                f"Unpacked, the file holds more than {self._most:,} bytes"
                " (MAX_UPLOAD_BYTES). Send the rows in several files."
            )
        if self._content > max(_RATIO_FROM, _MOST_RATIO * self._taken):
            raise TooLarge(
                f"The gzip file has grown to more than {_MOST_RATIO} times its size,"
                " which no table does. Send it unpacked, or in several files."
            )
        return chunk

    def _packed(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._taken += len(chunk)
        if self._taken > 2 * self._content + _MOST_EMPTY:
            raise BrokenGzip(
                f"The gzip file is larger than what it holds: {self._taken:,} bytes for"
                f" {self._content:,}. Pack it again, as one."
            )
        return chunk

    def _unpacked(self, size: int) -> bytes:
        try:
            return bytes(self._file.read(size))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BrokenGzip(
                f"The gzip file cannot be unpacked ({error}). It may have been cut "
                "short on its way: send it again."
            ) from error
