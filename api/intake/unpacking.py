"""Streams that hold more than they are long, unpacked within bounds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import BinaryIO, Protocol, cast

from api.errors import BrokenGzip, TooLarge

# No table packs better than this; what does is made to fill a disk or a memory.
_MOST_RATIO = 200
_RATIO_FROM = 64 << 20  # bytes of content, until which any ratio will do
# Of packed bytes that hold next to nothing: empty members, endless names and padding.
_MOST_EMPTY = 2 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def fill(stream: Readable | BinaryIO, size: int) -> bytes:
    """Read until `size` bytes are there or the stream has ended."""
    chunk = stream.read(size)
    while 0 < len(chunk) < size:
        more = stream.read(size - len(chunk))
        if not more:
            break
        chunk += more
    return chunk


class Bound:
    """How much may come out of a packed file; what it says of itself is not asked."""

    def __init__(self, kind: str, most: int) -> None:
        self.content = 0
        self._kind = kind
        self._most = most

    def take(self, count: int, packed: int) -> None:
        """Count more bytes of content, out of `packed` so far; raises TooLarge."""
        self.content += count
        if self.content > self._most:
            raise TooLarge(
                f"Unpacked, the file holds more than {self._most:,} bytes"
                " (MAX_UPLOAD_BYTES). Send the rows in several files."
            )
        if self.content > max(_RATIO_FROM, _MOST_RATIO * packed):
            raise TooLarge(
                f"The {self._kind} has grown to more than {_MOST_RATIO} times its size,"
                " which no table does. Send it unpacked, or in several files."
            )


class Bounded:
    """A stream out of a packed file, of which `packed` tells the bytes read so far."""

    def __init__(
        self, stream: Readable, bound: Bound, packed: Callable[[], int]
    ) -> None:
        self._stream = stream
        self._bound = bound
        self._packed = packed

    def read(self, size: int, /) -> bytes:
        chunk = self._stream.read(size)
        self._bound.take(len(chunk), self._packed())
        return chunk

    def close(self) -> None:
        self._stream.close()


class Rejoined:
    """A stream with its first bytes, already read, put back; its owner closes it."""

    def __init__(self, start: bytes, rest: Readable | BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if self._start:
            chunk, self._start = self._start[:size], self._start[size:]
            return chunk
        return self._rest.read(size)

    def close(self) -> None:
        pass


class Gunzipped:
    """The content of a gzip stream; damage and bombs become our own errors."""

    def __init__(self, stream: Readable, most: int) -> None:
        self._stream = stream
        self._taken = 0
        self._bound = Bound("gzip file", most)
        packed = SimpleNamespace(read=self._packed)
        self._file = gzip.GzipFile(fileobj=cast(BinaryIO, packed), mode="rb")

    def read(self, size: int, /) -> bytes:
        chunk = self._unpacked(size)
        self._bound.take(len(chunk), self._taken)
        return chunk

    def close(self) -> None:
        self._stream.close()

    def _packed(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._taken += len(chunk)
        content = self._bound.content
        if self._taken > 2 * content + _MOST_EMPTY:
            raise BrokenGzip(
                f"The gzip file is larger than what it holds: {self._taken:,} bytes for"
                f" {content:,}. Pack it again, as one."
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
