"""An upload that somebody can interrupt: its body is sent piece by piece."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import suppress

import requests
from support.server import Server

BOUNDARY = "a-boundary"
SECONDS = 300.0


class Upload(threading.Thread):
    """A file on its way, which stands still in the middle until it is let go on.

    `answer` is what came back; None where the connection broke.
    """

    def __init__(self, server: Server, table: str, content: bytes) -> None:
        super().__init__(daemon=True)
        self.answer: requests.Response | None = None
        self._url = f"{server.url}/upload_csv"
        self._body = Body(multipart(table, content))

    def run(self) -> None:
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Prefer": "respond-async",
        }
        with suppress(requests.RequestException):
            self.answer = requests.post(
                self._url, data=self._body, headers=headers, timeout=SECONDS
            )

    def interrupt(self, at: str, how: Callable[[], None]) -> None:
        """Let it come so far, then do something to its server, and wait for its end.

        `at` is "half sent", or "sent": then all has arrived, but for what is under way.
        """
        self.start()
        assert self._body.half_read.wait(SECONDS)
        if at == "sent":
            self._body.may_go_on.set()
            assert self._body.all_read.wait(SECONDS)
        how()
        self._body.may_go_on.set()
        self.join(SECONDS)
        assert not self.is_alive()


class Body(io.BytesIO):
    """Bytes that stand still when half of them are read, until they may go on."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.half_read, self.all_read = threading.Event(), threading.Event()
        self.may_go_on = threading.Event()
        self._half = len(content) // 2

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self._half:
            self.half_read.set()
            self.may_go_on.wait(SECONDS)
        piece = super().read(size)
        if not piece:
            self.all_read.set()
        return piece


def multipart(table: str, content: bytes) -> bytes:
    """The form of an upload, its file last."""
    start = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="table_name"\r\n\r\n'
        f"{table}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data;"
        f' name="csv_file"; filename="{table}.csv"\r\nContent-Type: text/csv\r\n\r\n'
    )
    return start.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
