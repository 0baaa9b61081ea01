"""Too much at a time, too slowly or too large: each has its end, and readers go on."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from support.held_builder import held_builder
from support.server import HANG_SECONDS, Server, serving, wait_until

from api.middleware.admission import WHOLE_BYTES

# 20 reads beside 64 slow uploads take a hundredth of it.
UPLOAD_SECONDS = 10
METRIC = "/metrics/employees_per_department"
HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
JSON = "application/json"
FORM = "multipart/form-data; boundary=b"
NAMED = "--b\r\nContent-Disposition: form-data; name="
TABLE_PART = f'{NAMED}"table_name"\r\n'
FILE_PART = f'{NAMED}"csv_file"; filename="x"\r\n'


def start(server: Server, path: str, kind: str, more: str, address: str) -> Any:
    """A connection on which a request has begun."""
    place = ("127.0.0.1", server.port)
    connection = socket.create_connection(place, HANG_SECONDS, (address, 0))
    head = HEAD.format(path=path, kind=kind) + more + "\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def answer_of(connection: socket.socket) -> str:
    """All that comes until the server ends the connection."""
    told = b""
    with connection, suppress(ConnectionError):
        while piece := connection.recv(65536):
            told += piece
    return told.decode()


def until_answered(connection: socket.socket) -> str:
    """The answer's head and some of its body."""
    with connection:
        return connection.recv(65536).decode()


def with_something_to_read(connections: list[socket.socket]) -> list[socket.socket]:
    """Those on which something has come."""
    found, _, _ = select.select(connections, [], [], 0)
    return found


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the settings that one has by itself."""
    folder = tmp_path_factory.mktemp("usual")
    with serving(sample_warehouse, folder) as server, held_builder(server):
        yield server


@pytest.fixture(scope="module")
def strict(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that takes little, and waits for it for only some seconds."""
    folder = tmp_path_factory.mktemp("strict")
    limits = {"MAX_UPLOAD_BYTES": "1000000", "UPLOAD_SECONDS": str(UPLOAD_SECONDS)}
    with serving(sample_warehouse, folder, **limits) as server, held_builder(server):
        yield server


def deleted_files(pid: int) -> list[str]:
    """Files that a process holds open though they have no name any more."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.endswith("(deleted)")]


def test_slow_uploads_stop_no_reader_and_end_in_time(strict: Server) -> None:
    strict.get(METRIC)
    long = "Content-Length: 100000"
    slow = [
        start(strict, "/insert_batch", JSON, long, f"127.0.0.{1 + index // 32}")
        for index in range(64)
    ]
    for connection in slow[::2]:
        # Half of them say nothing, the others a byte now and then.
        connection.sendall(b"[")
    for _ in range(20):
        assert strict.get(METRIC).status_code == 200
        for connection in slow[::2]:
            with suppress(OSError):
                connection.sendall(b"1")
    # No reader has waited until one of the slow ones came to its end: of these only
    # those that there was no room for are answered.
    wait_until(lambda: len(with_something_to_read(slow)) >= 16)
    assert len(with_something_to_read(slow)) == 16
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(answer_of, slow))
    statuses = Counter(answer.split(" ")[1] for answer in answers if answer)
    assert set(statuses) == {"408", "503"} and statuses["408"] == 48
    refused = next(answer for answer in answers if " 503 " in answer)
    assert "retry-after: 2" in refused and '"overloaded"' in refused
    assert strict.batch("jobs", [[1, "Clerk"]], "respond-async").status_code == 202


def test_one_client_cannot_have_it_all(server: Server) -> None:
    slow = [
        start(server, "/insert_batch", JSON, "Content-Length: 9", "127.0.0.2")
        for _ in range(40)
    ]
    # Whichever the server came to last.
    wait_until(lambda: len(with_something_to_read(slow)) >= 4)
    refused = [until_answered(each) for each in with_something_to_read(slow)]
    assert all(" 429 " in told and "retry-after" in told for told in refused)
    assert server.batch("jobs", [[1, "Clerk"]], "respond-async").status_code == 202
    for connection in slow:
        connection.close()


def test_an_upload_that_breaks_off_leaves_nothing(server: Server) -> None:
    log = server.log
    assert log is not None
    rows = "".join(f"{n},Department {n}\n" for n in range(100_000))
    body = f"{FILE_PART}\r\n{rows}".encode()
    worker, loads = server.worker, server.get("/loads").json()
    before = len(deleted_files(worker))
    long = "Content-Length: 9000000\r\nX-Request-ID: broken-1"
    connection = start(server, "/upload_csv", FORM, long, "127.0.0.1")
    connection.sendall(body)
    wait_until(lambda: len(deleted_files(worker)) > before)
    connection.close()

    def told() -> list[dict[str, Any]]:
        """What was logged of it; others have gone as well."""
        lines = map(json.loads, log.read_text().splitlines())
        gone = [line for line in lines if line["event"] == "client_gone"]
        return [line for line in gone if line["request_id"] == "broken-1"]

    wait_until(lambda: bool(told()))
    (gone,) = told()
    assert gone["level"] == "info"
    assert server.get("/loads").json() == loads
    wait_until(lambda: len(deleted_files(worker)) == before)


@pytest.mark.parametrize("path", ["/insert_batch", "/upload_csv"])
@pytest.mark.parametrize("chunked", [True, False])
def test_what_is_too_large_is_refused(strict: Server, path: str, chunked: bool) -> None:
    loads = strict.get("/loads").json()
    kind = JSON if path == "/insert_batch" else FORM
    how = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1000001"
    connection = start(strict, path, kind, how, "127.0.0.1")
    with suppress(OSError):
        if chunked:
            piece = FILE_PART.encode() + b"\r\n" + b"x" * 1_000_001
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(piece), piece))
    assert " 413 " in until_answered(connection)
    assert strict.get("/loads").json() == loads


def test_a_batch_has_a_limit_of_its_own(server: Server) -> None:
    long = f"Content-Length: {WHOLE_BYTES + 1}"
    connection = start(server, "/insert_batch", JSON, long, "127.0.0.1")
    assert " 413 " in until_answered(connection)
    # What is no form with a file is told that, however long it is.
    for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        connection = start(server, "/upload_csv", kind, long, "127.0.0.1")
        assert " 415 " in until_answered(connection)


def test_fields_and_parts_of_a_form_are_bounded(server: Server) -> None:
    field = {"table_name": (None, b"x" * (WHOLE_BYTES + 1))}
    assert server.post("/upload_csv", files=field).status_code == 413
    many = [(f"f{n}", (None, b"x")) for n in range(1001)]
    assert server.post("/upload_csv", files=many).status_code == 413


def test_uploads_at_a_time_take_bounded_memory(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    """A server of its own: the most that it ever took is what is looked at."""
    rows = b"".join(b"%d,%b\n" % (n, b"x" * 250) for n in range(60_000))
    own = serving(sample_warehouse, tmp_path, MAX_WRITES="60")
    with own as server, held_builder(server):
        # What one takes, which is mostly what any first one takes, is not counted.
        server.upload("departments", rows, "respond-async")
        before = server.peak_memory()

        def send(number: int) -> int:
            content = rows + b"%d,Other\n" % (300_000 + number)
            prefer = {"Prefer": "respond-async"}
            file = {"csv_file": ("d.csv", content)}
            data = {"table_name": "departments"}
            url = f"{server.url}/upload_csv"
            answer = requests.post(url, files=file, data=data, headers=prefer)
            return answer.status_code

        with ThreadPoolExecutor(40) as pool:
            assert set(pool.map(send, range(40))) == {202}
        grown = server.peak_memory() - before
        # Nor does it grow with their size, which is 620 MB together: what stays is what
        # each thread has at hand.
        assert grown < 400_000, f"{grown} kB"


@pytest.fixture(scope="module")
def stopping(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that is stopped and started again."""
    folder = tmp_path_factory.mktemp("stopping")
    # What waits for a build would wait for longer than a stop lets it.
    seconds = {"SHUTDOWN_SECONDS": "600", "BUILD_WAIT_SECONDS": "1800"}
    with serving(sample_warehouse, folder, **seconds) as server:
        yield server


def test_a_stop_finishes_uploads_under_way_and_waits_for_no_build(
    stopping: Server,
) -> None:
    server, process = stopping, stopping.process
    rows = b"".join(b"%d,Department %d\n" % (n, n) for n in range(300_000))
    table = f"{TABLE_PART}\r\ndepartments\r\n".encode()
    body = table + f"{FILE_PART}\r\n".encode() + rows + b"\r\n--b--\r\n"
    assert process is not None
    with held_builder(server), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.batch, "jobs", [[1, "Clerk"]])
        other = Server(server.warehouse, port=server.port)
        wait_until(lambda: len(other.get("/loads").json()) == 1)
        worker, before = server.worker, len(deleted_files(server.worker))
        long = f"Content-Length: {len(body)}"
        connection = start(server, "/upload_csv", FORM, long, "127.0.0.1")
        connection.sendall(body[: len(body) // 2])
        # It has begun to be read.
        wait_until(lambda: len(deleted_files(worker)) > before)
        process.terminate()
        answer = waiting.result()
        assert (answer.status_code, answer.json()["load_id"]) == (202, 1)
        wait_until(lambda: not takes_connections(server))
        connection.sendall(body[len(body) // 2 :])
        told = answer_of(connection)
        assert told.startswith("HTTP/1.1 202"), told[:500]
    assert process.wait(HANG_SECONDS) == 0
    server.process = None
    server.session = requests.Session()
    server.start()
    upload, batch = server.get("/loads").json()
    assert (upload["loaded"], batch["loaded"]) == (300_000, 1)


def takes_connections(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_stop_is_heard_whichever_thread_takes_the_signal(stopping: Server) -> None:
    server, worker = stopping, stopping.worker
    threads = {int(task.name) for task in Path(f"/proc/{worker}/task").iterdir()}
    other = max(threads - {worker})
    assert ctypes.CDLL(None).tgkill(worker, other, signal.SIGTERM) == 0
    # Its successor is told to stop as soon as it is there, before it serves.
    wait_until(lambda: worker not in (server.workers() or [worker]))
    server.stop()
