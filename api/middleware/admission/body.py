"""The body of a request, read up to a size and within a time, and known to be whole.

The server's own input ends alike for a body that is whole and one that broke off.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from api.errors import IncompleteBody, TooLarge, UploadTimeout
from api.wording import count

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import InputStream


class Body(io.RawIOBase):
    """The input of one request, from `address`; used by one thread at a time.

    `length` is what its Content-Length says, None where the input tells its own end.
    Reading raises UploadTimeout after `seconds` from now on, TooLarge beyond `most`
    bytes (before any is read where the length says so), and IncompleteBody where the
    body ends before its length.
    """

    is_answered = False

    def __init__(
        self,
        source: InputStream,
        length: int | None,
        most: int,
        seconds: float,
        address: str = "",
    ) -> None:
        self.address = address
        self.began = time.monotonic()
        self.received = 0
        self._source = source
        self._length = length
        self._most = most
        self._seconds = seconds
        self._ended = length == 0
        self._reading = False

    @property
    def is_overdue(self) -> bool:
        """Whether somebody waits for more of it, and has for too long."""
        return self._reading and time.monotonic() > self.began + self._seconds

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be read."""
        return self._ended or self.received == self._length

    def left(self, most: int, seconds: float) -> Body:
        """The first `most` bytes of what is left of it, to be read from now on.

        The request is answered: nobody waits for it.
        """
        length = self._length
        if length is not None:
            length = min(length - self.received, most)
        left = Body(self._source, length, most, seconds, self.address)
        left.is_answered = True
        return left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        piece = self._next(len(target))
        target[: len(piece)] = piece
        return len(piece)

    def _next(self, size: int) -> bytes:
        if self._length is not None:
            if self._length > self._most:
                raise too_large(self._most)
            # Not past the end: some servers would wait for what never comes.
            size = min(size, self._length - self.received)
        if not size:
            return b""
        self._reading = True
        try:
            piece = self._source.read(size)
        finally:
            late, self._reading = self.is_overdue, False
        self.received += len(piece)
        self._ended = not piece
        if late:
            raise UploadTimeout(
                f"The body did not arrive within {self._seconds:g} s (UPLOAD_SECONDS);"
                f" {count(self.received, 'byte')} had. Nothing was stored. Send it"
                " again, or the rows in smaller files."
            )
        if self.received > self._most:
            raise too_large(self._most)
        if not piece and self._length is not None:
            raise IncompleteBody(
                f"The body broke off after {self.received:,} of"
                f" {count(self._length, 'byte')}."
                " Nothing was stored. Send it again."
            )
        return piece


def too_large(most: int) -> TooLarge:
    """The refusal of a body that is longer than `most` bytes."""
    return TooLarge(
        f"The body of this request may be {count(most, 'byte')} long. Send the rows in"
        " several requests; a file may be larger than a batch, see MAX_UPLOAD_BYTES."
    )
