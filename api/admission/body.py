"""The body of a request, read within a time and up to a size.

The server's own input can only wait, for as long as the client likes, and ends alike
for a body that is whole and one that broke off. So a thread of its own waits for the
input, and whoever wants the body waits for that thread, until it is too late.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

from api.errors import IncompleteBody, TooLarge, UploadTimeout

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import InputStream

PIECE = 1 << 16
PIECES_AHEAD = 4
GIVEN_UP_SECONDS = 0.2


class Body(io.RawIOBase):
    """The input of one request.

    `length` is what its Content-Length says, None where the input tells its own end.
    Reading raises UploadTimeout after `seconds` from now on, TooLarge beyond `most`
    bytes, and IncompleteBody where the body ends before its length.
    """

    def __init__(
        self, source: InputStream, length: int | None, most: int, seconds: float
    ) -> None:
        self._source: InputStream | None = source
        self._length = length
        self._most = most
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pieces: Queue[bytes | BaseException] = Queue(PIECES_AHEAD)
        self._piece = memoryview(b"")
        self._received = 0
        self._reader: threading.Thread | None = None
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._over: Callable[[], None] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._piece:
            self._piece = memoryview(self._next())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._piece))
        target[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def give_up(self, over: Callable[[], None]) -> bool:
        """Want no more of it; whether the input still holds a thread.

        If so, `over` is called, on that thread, once it has let go.
        """
        self._given_up.set()
        with self._lock:
            if self._reader is None:
                self._source = None
            if self._source is None:
                return False
            self._over = over
            return True

    def _next(self) -> bytes:
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
        try:
            piece = self._pieces.get(timeout=max(0, self._deadline - time.monotonic()))
        except Empty:
            raise UploadTimeout(
                f"The body did not arrive within {self._seconds:g} s (UPLOAD_SECONDS);"
                f" {self._received} bytes had. Nothing was stored. Send it again, or"
                " the rows in smaller files."
            ) from None
        if isinstance(piece, BaseException):
            raise piece
        self._received += len(piece)
        if self._received > self._most:
            raise too_large(self._most)
        if not piece:
            # There is no more; whoever asks again is told so again.
            self._pieces.put(piece)
            if self._length is not None and self._received < self._length:
                raise IncompleteBody(
                    f"The body broke off after {self._received} of {self._length}"
                    " bytes. Nothing was stored. Send it again."
                )
        return piece

    def _read(self) -> None:
        assert self._source is not None
        try:
            piece, left = b"?", self._length
            while piece and not self._given_up.is_set():
                # Not past the end: some servers would wait for what never comes.
                size = PIECE if left is None else min(PIECE, left)
                piece = self._source.read(size) if size else b""
                left = None if left is None else left - len(piece)
                self._hand_over(piece)
        except Exception as error:
            self._hand_over(error)
        finally:
            with self._lock:
                # Lets go of the connection, which can end then.
                self._source = None
            if self._over is not None:
                self._over()

    def _hand_over(self, piece: bytes | BaseException) -> None:
        while not self._given_up.is_set():
            try:
                return self._pieces.put(piece, timeout=GIVEN_UP_SECONDS)
            except Full:
                continue


def too_large(most: int) -> TooLarge:
    """The refusal of a body that is longer than `most` bytes."""
    return TooLarge(
        f"The body of this request may be {most} bytes long. Send the rows in several"
        " requests; a file may be larger than a batch, see MAX_UPLOAD_BYTES."
    )
