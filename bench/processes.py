"""Servers as processes of their own, on free loopback ports, ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

CHECKOUT = Path(__file__).resolve().parent.parent
PEERS = CHECKOUT / "bench" / "peers"
PEER_BIN = CHECKOUT / "bench" / ".venv" / "bin"
START_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str],
    url: str,
    folder: Path,
    patience: float = START_SECONDS,
    **env: str,
) -> Iterator[subprocess.Popen[bytes]]:
    """The server while it answers at `url`; raises when it does not come up."""
    output = (folder / "server.log").open("ab")
    process = subprocess.Popen(
        command, env=os.environ | env, cwd=folder, stdout=output, stderr=output
    )
    try:
        _wait_until_it_answers(url, process, patience)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_it_answers(
    url: str, process: subprocess.Popen[bytes], patience: float
) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"nothing answers at {url}")


class Product:
    """Our server on a warehouse, and what a client does with it.

    `settings` are further variables of its environment; `patience`, in seconds, is for
    its first build.
    """

    def __init__(
        self,
        warehouse: Path,
        settings: Mapping[str, str] | None = None,
        patience: float = START_SECONDS,
    ) -> None:
        self.warehouse = warehouse
        self.settings = dict(settings or {})
        self.patience = patience
        self.url = f"http://127.0.0.1:{free_port()}"
        self.metric = f"{self.url}/metrics/employees_per_department"
        self.session = requests.Session()
        self.process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def served(self) -> Iterator[Product]:
        self.warehouse.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "api", "serve"]
        port = self.url.rpartition(":")[2]
        env = {"PYTHONPATH": str(CHECKOUT), "PORT": port}
        env["WAREHOUSE_DIR"] = str(self.warehouse)
        env |= self.settings
        with running(
            command, self.metric, self.warehouse, self.patience, **env
        ) as self.process:
            yield self

    @property
    def pid(self) -> int:
        """The process that was started: server and builder are its children."""
        assert self.process is not None
        return self.process.pid

    def upload(self, file: Path, table: str, wait: bool) -> float:
        """Send a file; the seconds until it was answered."""
        form = ["-F", f"csv_file=@{file}", "-F", f"table_name={table}"]
        prefer = [] if wait else ["-H", "Prefer: respond-async"]
        told = ["-o", os.devnull, "-w", "%{http_code} %{time_total}"]
        command = ["curl", "-sS", *form, *prefer, *told, f"{self.url}/upload_csv"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        status, seconds = done.stdout.split()
        if status not in ("201", "202"):
            raise RuntimeError(f"{file.name} was answered {status}")
        return float(seconds)

    def send(self, rows: list[list[Any]], wait: bool) -> float:
        """Send a batch of hires; the seconds until it was answered."""
        body = {"table_name": "hired_employees", "data": rows}
        headers = {} if wait else {"Prefer": "respond-async"}
        began = time.perf_counter()
        url = f"{self.url}/insert_batch"
        answer = self.session.post(url, json=body, headers=headers)
        seconds = time.perf_counter() - began
        if answer.status_code != (201 if wait else 202):
            raise RuntimeError(f"a batch was answered {answer.text[:500]}")
        return seconds

    def until_built(self, seconds: float = 300.0) -> None:
        """Wait until the newest load is in a published build."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            newest = self.session.get(f"{self.url}/loads?limit=1").json()
            built = self.session.head(self.metric).headers["Build-Last-Load-Id"]
            if not newest or newest[0]["load_id"] <= int(built):
                return
            time.sleep(0.05)
        raise RuntimeError("the newest load was not built")


class Memory:
    """The most resident memory, in MB, of a server and of the builder beside it."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.server = 0.0
        self.builder = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        children = Path(f"/proc/{self._parent}/task/{self._parent}/children")
        while not self._over.wait(0.05):
            for child in children.read_text().split():
                # One that has just ended is no more to be looked at.
                with suppress(OSError):
                    self._look_at(Path(f"/proc/{child}"))

    def _look_at(self, process: Path) -> None:
        if b"api.builder" in (process / "cmdline").read_bytes():
            self.builder = max(self.builder, _resident(process))
        else:
            self.server = max(self.server, _resident(process))


def _resident(process: Path) -> float:
    pages = int((process / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
