"""Too much at a time, too slowly or too large: each has its end, and readers go on."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from support.server import Server, children_of, environment, wait_until

from api.admission import WHOLE_BYTES, Admission
from api.admission.body import Body
from api.admission.slots import Slots
from api.config import CHECKOUT, Settings
from api.errors import IncompleteBody, Overloaded, TooLarge, TooManyRequests

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
    connection = socket.create_connection(place, 30, source_address=(address, 0))
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


def answered(connections: list[socket.socket], count: int) -> list[socket.socket]:
    """Those on which something has come, once there are so many."""
    while True:
        found, _, _ = select.select(connections, [], [], 30)
        assert found, "nothing came within 30 s"
        if len(found) >= count:
            return found
        time.sleep(0.05)


@contextmanager
def serving(warehouse: Path, **settings: str) -> Iterator[Server]:
    server = Server(warehouse, settings=settings, log=warehouse.parent / "log").start()
    try:
        yield server
    finally:
        server.stop()


def deleted_files(pid: int) -> list[str]:
    """Files that a process holds open though they have no name any more."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.endswith("(deleted)")]


def test_more_writes_than_threads_are_no_setting() -> None:
    with pytest.raises(ValueError, match="MAX_WRITES=48 must be below THREADS=48"):
        Settings(threads=48)
    done = subprocess.run(
        [sys.executable, "-m", "api", "serve"],
        cwd=CHECKOUT,
        env=environment(Path("nowhere")) | {"THREADS": "8"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "MAX_WRITES=48 must be below THREADS=8" in done.stderr


def test_one_client_leaves_room_for_others_and_all_together_for_no_more() -> None:
    slots = Slots(8)
    held = [slots.one("a") for _ in range(6)]
    for slot in held:
        slot.__enter__()
    with pytest.raises(TooManyRequests, match="6 requests"):
        slots.one("a").__enter__()
    others = [slots.one("b"), slots.one("c")]
    for slot in others:
        slot.__enter__()
    with pytest.raises(Overloaded, match="8 requests"):
        slots.one("d").__enter__()
    others[0].__exit__(None, None, None)
    with slots.one("d"):
        pass


def test_a_body_that_ends_before_its_length_is_not_whole() -> None:
    body = Body(BytesIO(b"abc"), 5, 10, 60)
    with pytest.raises(IncompleteBody, match="after 3 of 5 bytes"):
        body.read()


@pytest.mark.parametrize("length", [None, 5])
def test_a_body_over_its_size_is_refused_when_it_gets_there(length: int | None) -> None:
    body = Body(BytesIO(b"abcde"), length, 4, 60)
    with pytest.raises(TooLarge):
        body.read()


def test_nothing_is_read_past_the_end_of_a_body() -> None:
    source = BytesIO(b'{"a": 1}POST /next')
    assert Body(source, 8, 100, 60).read() == b'{"a": 1}'
    assert source.read() == b"POST /next"


def test_readers_are_never_counted() -> None:
    entered = threading.Barrier(3)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            entered.wait(10)
            entered.wait(10)
        start("200 OK", [])
        return [b"read"]

    admission = Admission(app, Settings(max_writes=2, threads=4))

    def ask(method: str, address: str) -> str:
        told: list[str] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": "/", "wsgi.input": BytesIO()}
        admission(environ | {"REMOTE_ADDR": address}, lambda s, h: told.append(s))
        return told[0]

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(ask, "POST", address) for address in ("a", "b")]
        entered.wait(10)
        assert ask("POST", "c") == "503 Service Unavailable"
        assert {ask("GET", "c") for _ in range(9)} == {"200 OK"}
        entered.wait(10)
        assert [each.result() for each in busy] == ["200 OK", "200 OK"]


def test_slow_uploads_stop_no_reader_and_end_in_time(warehouse: Path) -> None:
    with serving(warehouse, UPLOAD_SECONDS="3") as server:
        server.get(METRIC)
        long = "Content-Length: 100000"
        slow = [
            start(server, "/insert_batch", JSON, long, f"127.0.0.{1 + index // 32}")
            for index in range(64)
        ]
        for connection in slow[::2]:
            # Half of them say nothing, the others a byte now and then.
            connection.sendall(b"[")
        for _ in range(20):
            began = time.monotonic()
            assert server.get(METRIC).status_code == 200
            assert time.monotonic() - began < 1
            for connection in slow[::2]:
                with suppress(OSError):
                    connection.sendall(b"1")
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(answer_of, slow))
        statuses = Counter(answer.split(" ")[1] for answer in answers if answer)
        assert set(statuses) == {"408", "503"} and statuses["408"] == 48
        refused = next(answer for answer in answers if " 503 " in answer)
        assert "retry-after: 2" in refused and '"overloaded"' in refused
        assert server.batch("jobs", [[1, "Clerk"]]).status_code == 201


def test_one_client_cannot_have_it_all(warehouse: Path) -> None:
    with serving(warehouse) as server:
        slow = [
            start(server, "/insert_batch", JSON, "Content-Length: 9", "127.0.0.2")
            for _ in range(40)
        ]
        # Whichever the server came to last.
        refused = [until_answered(connection) for connection in answered(slow, 4)]
        assert all(" 429 " in told and "retry-after" in told for told in refused)
        assert server.batch("jobs", [[1, "Clerk"]]).status_code == 201
        for connection in slow:
            connection.close()


def test_an_upload_that_breaks_off_leaves_nothing(warehouse: Path) -> None:
    with serving(warehouse) as server:
        part = (
            '--b\r\nContent-Disposition: form-data; name="csv_file"; filename="x"\r\n'
        )
        rows = "".join(f"{n},Department {n}\n" for n in range(100_000))
        body = f"{part}\r\n{rows}".encode()
        worker = server.worker
        before = len(deleted_files(worker))
        long = "Content-Length: 9000000\r\nX-Request-ID: broken-1"
        connection = start(server, "/upload_csv", FORM, long, "127.0.0.1")
        connection.sendall(body)
        wait_until(lambda: len(deleted_files(worker)) > before)
        connection.close()
        log = warehouse.parent / "log"
        wait_until(lambda: "client_gone" in log.read_text())
        (gone,) = [
            line
            for line in map(json.loads, log.read_text().splitlines())
            if line["event"] == "client_gone"
        ]
        assert gone["level"] == "info" and gone["request_id"] == "broken-1"
        assert server.get("/loads").json() == []
        wait_until(lambda: len(deleted_files(worker)) == before)


@pytest.mark.parametrize("path", ["/insert_batch", "/upload_csv"])
@pytest.mark.parametrize("chunked", [True, False])
def test_what_is_too_large_is_refused(
    warehouse: Path, path: str, chunked: bool
) -> None:
    with serving(warehouse, MAX_UPLOAD_BYTES="1000000") as server:
        kind = JSON if path == "/insert_batch" else FORM
        how = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1000001"
        connection = start(server, path, kind, how, "127.0.0.1")
        part = (
            b'--b\r\nContent-Disposition: form-data; name="csv_file"; filename="x"\r\n'
        )
        with suppress(OSError):
            if chunked:
                piece = part + b"\r\n" + b"x" * 1_000_001
                connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(piece), piece))
        assert " 413 " in until_answered(connection)
        assert server.get("/loads").json() == []


def test_a_batch_has_a_limit_of_its_own(server: Server) -> None:
    long = f"Content-Length: {WHOLE_BYTES + 1}"
    connection = start(server, "/insert_batch", JSON, long, "127.0.0.1")
    assert " 413 " in until_answered(connection)
    for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        connection = start(server, "/upload_csv", kind, long, "127.0.0.1")
        assert " 413 " in until_answered(connection)


def test_fields_and_parts_of_a_form_are_bounded(server: Server) -> None:
    field = {"table_name": (None, b"x" * (WHOLE_BYTES + 1))}
    assert server.post("/upload_csv", files=field).status_code == 413
    many = [(f"f{n}", (None, b"x")) for n in range(1001)]
    assert server.post("/upload_csv", files=many).status_code == 413


def test_uploads_at_a_time_take_bounded_memory(warehouse: Path) -> None:
    rows = b"".join(b"%d,Department %d\n" % (n, n) for n in range(200_000))
    with serving(warehouse, MAX_WRITES="60") as server:
        # What one takes, which is mostly what any first one takes, is not counted.
        server.upload("departments", rows)
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
        # Nor does it grow with their size: what stays is what each thread has at hand.
        assert grown < 400_000, f"{grown} kB"


def test_a_stop_finishes_the_upload_under_way(warehouse: Path) -> None:
    rows = b"".join(b"%d,Department %d\n" % (n, n) for n in range(300_000))
    head = (
        b'--b\r\nContent-Disposition: form-data; name="table_name"\r\n\r\ndepartments'
    )
    part = (
        b'\r\n--b\r\nContent-Disposition: form-data; name="csv_file"; filename="x"\r\n'
    )
    body = head + part + b"\r\n" + rows + b"\r\n--b--\r\n"
    with serving(warehouse) as server:
        long = f"Content-Length: {len(body)}"
        connection = start(server, "/upload_csv", FORM, long, "127.0.0.1")
        connection.sendall(body[: len(body) // 2])
        process = server.process
        assert process is not None
        time.sleep(0.5)
        process.terminate()
        time.sleep(1)
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url + METRIC, timeout=5)
        connection.sendall(body[len(body) // 2 :])
        answer = answer_of(connection)
        assert answer.startswith("HTTP/1.1 20"), answer[:500]
        assert process.wait(30) == 0
        server.process = None
        server.session = requests.Session()
        server.start()
        (load,) = server.get("/loads").json()
        assert load["loaded"] == 300_000


def test_a_stop_does_not_wait_for_builds(warehouse: Path) -> None:
    with serving(warehouse, BUILD_WAIT_SECONDS="60") as server:
        process = server.process
        assert process is not None
        builders = set(children_of(process.pid)) - {server.worker}
        for pid in builders:
            os.kill(pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(server.batch, "jobs", [[1, "Clerk"]])
            time.sleep(2)
            began = time.monotonic()
            process.terminate()
            answer = waiting.result(30)
            assert (answer.status_code, answer.json()["load_id"]) == (202, 1)
            assert time.monotonic() - began < 5
        for pid in builders:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        assert process.wait(30) == 0
        server.process = None
        server.session = requests.Session()
        server.start()
        wait_until(lambda: bool(server.get("/loads/1").json()["build"]))


def test_a_stop_is_heard_whichever_thread_takes_the_signal(server: Server) -> None:
    worker = server.worker
    threads = {int(task.name) for task in Path(f"/proc/{worker}/task").iterdir()}
    other = max(threads - {worker})
    assert ctypes.CDLL(None).tgkill(worker, other, signal.SIGTERM) == 0
    # Its successor is told to stop as soon as it is there, before it serves.
    wait_until(lambda: worker not in (server.workers() or [worker]))
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10
