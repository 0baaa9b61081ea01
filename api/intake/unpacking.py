"""Streams that unpack compressed content within limits."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import BinaryIO, Protocol, cast

from api.errors import BrokenGzip, TooLarge

# No table packs better than this; a file that does is an attack on disk or memory.
_MOST_RATIO = 200
_RATIO_FROM = 64 << 20  # bytes of content, up to which any ratio is allowed
# Packed bytes that hold next to nothing: empty members, endless names and padding.
_MOST_EMPTY = 2 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


def read_fully(stream: Readable | BinaryIO, size: int) -> bytes:
    """Read until there are `size` bytes or the stream has ended."""
    chunk = stream.read(size)
    while 0 < len(chunk) < size:
        more = stream.read(size - len(chunk))
        if not more:
            break
        chunk += more
    return chunk


class SizeLimit:
    """The limit of what a packed file unpacks to; its own metadata does not count."""

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


class LimitedStream:
    """A stream out of a packed file; `packed` returns the packed bytes read so far."""

    def __init__(
        self, stream: Readable, bound: SizeLimit, packed: Callable[[], int]
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


class PrefixedStream:
    """A stream whose first bytes were already read; its owner closes it."""

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


class GzipStream:
    """The content of a gzip stream; raises BrokenGzip or TooLarge."""

    def __init__(self, stream: Readable, most: int) -> None:
        self._stream = stream
        self._bytes_read = 0
        self._bound = SizeLimit("gzip file", most)
        packed = SimpleNamespace(read=self._packed)
        self._file = gzip.GzipFile(fileobj=cast(BinaryIO, packed), mode="rb")

    def read(self, size: int, /) -> bytes:
        chunk = self._unpacked(size)
        self._bound.take(len(chunk), self._bytes_read)
        return chunk

    def close(self) -> None:
        self._stream.close()

    def _packed(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._bytes_read += len(chunk)
        content = self._bound.content
        if self._bytes_read > 2 * content + _MOST_EMPTY:
            raise BrokenGzip(
                "The gzip file is larger than what it holds:"
                f" {self._bytes_read:,} bytes for {content:,}. Pack it again, as one."
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
