"""Access over real sockets: raw requests, what is logged, and what may not start."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.server import (
    HANG_SECONDS,
    children_of,
    environment,
    free_port,
    run_command,
    wait_until,
)

from api.config import CHECKOUT
from api.middleware.access.keys import new_key

WRITER, READER, WRONG = "writer-key-of-tests", "reader-key-of-tests", "wrong-key-of-all"
BATCH = {"table_name": "departments", "data": [[1, "Sales"]]}
WITH_KEY = f"X-API-Key: {READER}"


class Served:
    """A server with keys, in a file and in settings, whose every word is kept."""

    def __init__(self, warehouse: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = warehouse.parent / "keys"
        self.log = warehouse.parent / "server.log"
        self.filed, line = new_key("filed", "write")
        self.keys.write_text(f"{line}\n")
        given = {"API_KEYS": f"hr:{WRITER}", "READ_KEYS": READER, "LOG_LEVEL": "debug"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "serve", "--port", str(self.port)],
                cwd=CHECKOUT,
                env=environment(warehouse) | given | {"API_KEYS_FILE": str(self.keys)},
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=HANG_SECONDS).ok
        except requests.ConnectionError:
            return False

    def raw(self, *lines: str) -> str:
        """The whole answer to a request written by hand."""
        with socket.create_connection(("127.0.0.1", self.port), HANG_SECONDS) as client:
            client.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
            return b"".join(iter(lambda: client.recv(65_536), b"")).decode()

    def get(self, path: str, key: str) -> requests.Response:
        return requests.get(
            self.url + path, headers={"X-API-Key": key}, timeout=HANG_SECONDS
        )

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(HANG_SECONDS)


@pytest.fixture(scope="module")
def served(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "warehouse"
    served = Served(Path(shutil.copytree(sample_warehouse, folder)))
    yield served
    served.stop()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["GET /metrics HTTP/1.1", "Host: 127.0.0.1"], 200),
        (["GET /metrics HTTP/1.1", "Host: evil.example"], 421),
        (["GET /metrics HTTP/1.1", "Host: localhost", "Host: localhost"], 421),
        (["GET /metrics HTTP/1.1", "Host: localhost", "Host: evil.example"], 421),
        (["GET /metrics HTTP/1.1"], 421),
        (["GET /metrics HTTP/1.0"], 421),
        (["GET http://localhost/metrics HTTP/1.1", "Host: evil.example"], 421),
        (["GET http://evil.example/metrics HTTP/1.1"], 421),
        (["GET /loads HTTP/1.1", "Host: localhost"], 401),
        (["GET //loads HTTP/1.1", "Host: localhost"], 401),
        (["GET /%6coads HTTP/1.1", "Host: localhost"], 401),
        (["GET /loads HTTP/1.1", "Host: localhost", WITH_KEY], 200),
        (["GET /loads HTTP/1.1", "Host: localhost", WITH_KEY, WITH_KEY], 401),
        (["get /metrics HTTP/1.1", "Host: localhost"], 401),
        (["POST /health/live HTTP/1.1", "Host: localhost"], 401),
    ],
)
def test_a_raw_request_gets_in_or_not(
    served: Served, lines: list[str], status: int
) -> None:
    assert served.raw(*lines).startswith(f"HTTP/1.{lines[0][-1]} {status} ")


def test_a_large_upload_without_a_key_is_told_so_at_once(served: Served) -> None:
    # Before a byte of it has come.
    head = ["POST /upload_csv HTTP/1.1", "Host: localhost", "Content-Length: 50000000"]
    assert served.raw(*head).startswith("HTTP/1.1 401 ")
    body = b"1" * 50_000_000
    answer = requests.post(f"{served.url}/upload_csv", data=body, timeout=HANG_SECONDS)
    assert answer.json()["code"] == "key_required"


def test_a_key_taken_out_of_the_file_is_soon_of_no_use(served: Served) -> None:
    assert served.get("/loads", served.filed).status_code == 200
    other, line = new_key("filed", "write")
    served.keys.write_text(f"{line}\n")
    wait_until(lambda: served.get("/loads", other).status_code == 200)
    assert served.get("/loads", served.filed).status_code == 401


def test_no_key_is_in_any_log_or_answer_nor_handed_to_the_builder(
    served: Served,
) -> None:
    answers = []
    for key in (WRITER, READER, WRONG, served.filed):
        headers = {"Authorization": f"Bearer {key}", "Prefer": "respond-async"}
        for path in ("/loads", "/metrics", "/nowhere", "/openapi.json", "/loads?x=1"):
            answers.append(served.get(path, key).text)
        post = {"url": f"{served.url}/insert_batch", "headers": headers}
        answers.append(requests.post(json=BATCH, **post).text)
        answers.append(requests.post(data=b"{", **post).text)
    ledger = served.get("/loads", READER).json()
    assert [load["rejected"] for load in ledger] == [0]
    told = served.log.read_text() + "".join(answers)
    for key in (WRITER, READER, WRONG, served.filed):
        assert key not in told
    builders = [
        variables
        for pid in children_of(served.process.pid)
        if "api.builder" in _of_process(pid, "cmdline")
        for variables in [_of_process(pid, "environ")]
    ]
    assert builders
    for variables in builders:
        assert "WAREHOUSE_DIR=" in variables and WRITER not in variables


def _of_process(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_public_server_without_keys_does_not_start(
    warehouse: Path, host: str
) -> None:
    done = run_command(warehouse, "serve", "--host", host, "--port", str(free_port()))
    assert done.returncode == 2
    assert "API_KEYS" in done.stderr and "python -m api key" in done.stderr


def test_keys_that_cannot_be_read_stop_the_server_from_starting(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = warehouse.parent / "keys"
    keys.write_text("# hr\nhr write in-clear-text\n")
    monkeypatch.setenv("API_KEYS_FILE", str(keys))
    done = run_command(warehouse, "serve", "--port", str(free_port()))
    assert done.returncode == 2
    message = " ".join(done.stderr.split())
    assert f"{keys}, line 2" in message and "in-clear-text" not in message


@pytest.mark.parametrize(("options", "scope"), [([], "write"), (["--read"], "read")])
def test_a_key_is_made_and_can_be_used(
    tmp_path: Path, options: list[str], scope: str
) -> None:
    done = run_command(tmp_path, "key", "hr.reports", *options)
    assert done.returncode == 0
    key, line = done.stdout.splitlines()
    assert len(key) >= 40
    assert re.fullmatch(rf"hr\.reports {scope} sha256:[0-9a-f]{{64}}", line)
    assert run_command(tmp_path, "key", "h r").returncode == 2
    assert not os.listdir(tmp_path)
