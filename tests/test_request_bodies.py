"""What is refused before it was read: the answer arrives, and says what is wrong."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.server import HANG_SECONDS, Server, serving

from api.config import Settings
from api.middleware.admission import WHOLE_BYTES, RequestBodies, request_bodies

KEY = "k" * 20
MOST_BYTES = 20_000_000
# More than the system holds for a connection by itself.
BODY = b"1,Sales\n" * 4_000_000
JSON = "application/json"
FORM = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real one: what a closed connection does to an answer is the system's doing."""
    folder = tmp_path_factory.mktemp("bodies")
    settings = {"API_KEYS": KEY, "MAX_UPLOAD_BYTES": str(MOST_BYTES)}
    with serving(sample_warehouse, folder, **settings) as server:
        yield server


@pytest.mark.parametrize(
    ("method", "path", "kind", "key", "status"),
    [
        ("POST", "/upload_csv", FORM, "", 401),
        ("POST", "/upload_cvs", FORM, KEY, 404),
        ("PUT", "/upload_csv", FORM, KEY, 405),
        ("POST", "/upload_csv", FORM, KEY, 413),
        ("POST", "/insert_batch", JSON, KEY, 413),
        ("POST", "/upload_csv", "text/csv", KEY, 415),
    ],
)
def test_a_client_that_sends_all_before_it_reads_is_answered(
    server: Server, method: str, path: str, kind: str, key: str, status: int
) -> None:
    place = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HANG_SECONDS)
    headers = {"Content-Type": kind} | ({"X-API-Key": key} if key else {})
    with closing(place) as connection:
        for _ in range(2):
            # On the same connection, as the body was read to its end.
            connection.request(method, path, BODY, headers)
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (status, True)


@pytest.mark.parametrize("key", ["", KEY])
def test_a_client_that_waits_to_send_is_told_to_or_answered(
    server: Server, key: str
) -> None:
    head = (
        f"POST /insert_batch HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    place = ("127.0.0.1", server.port)
    with socket.create_connection(place, HANG_SECONDS) as connection:
        connection.sendall(head.encode())
        first = connection.recv(65536)
        if key:
            assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"{}")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        else:
            assert first.startswith(b"HTTP/1.1 401 ")
            # Nothing of the body is waited for.
            while connection.recv(65536):
                pass


class Source:
    """Bytes without end, a piece at a time."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int) -> bytes:
        self.given += size
        return b"x" * size


def refuse_unread(source: Any, **settings: Any) -> None:
    """Answer a request of an endless body whose application reads nothing of it."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("401 Unauthorized", [])
        return [b"no"]

    layer = RequestBodies(app, Settings(**settings))
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/upload_csv",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": source,
        "wsgi.input_terminated": True,
    }
    answer = iter(layer(environ, lambda *_: lambda _: None))
    assert next(answer) == b"no"
    assert isinstance(source, BytesIO) or source.given == 0
    assert list(answer) == []


def test_a_body_without_end_is_read_on_for_so_many_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_bodies, "MOST_LEFT_BYTES", 1_000_000)
    source = Source()
    refuse_unread(source)
    assert 1_000_000 < source.given < 1_100_000


def test_a_body_without_end_is_read_on_for_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_bodies, "MOST_LEFT_SECONDS", 0.0)
    source = Source()
    refuse_unread(source)
    assert source.given == request_bodies.PIECE_BYTES


def test_where_readers_have_one_thread_nothing_is_read_on() -> None:
    source = Source()
    refuse_unread(source, threads=3, max_writes=2)
    assert source.given == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/nowhere", 404), ("PUT", "/insert_batch", 405)],
)
def test_a_long_body_hides_no_other_problem(
    shared_client: FlaskClient, method: str, path: str, status: int
) -> None:
    body = b"x" * (WHOLE_BYTES + 1)
    answer = shared_client.open(path, method=method, data=body, content_type=JSON)
    assert answer.status_code == status
