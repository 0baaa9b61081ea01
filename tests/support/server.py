"""The product in processes of its own: server, commands, dbt, single builds."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from api.config import CHECKOUT
from support import fork_server
from support.fork_server import Forked

# Longer than anything takes that happens at all, on a machine that has little time for
# it: only what never comes is waited for so long.
HANG_SECONDS = 1800.0
# Options of dbt: leave out the tests that no row can change the outcome of.
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
BUILDER_START = re.compile(r'"event":"builder_start".*"pid":(\d+)')


@dataclass
class Server:
    """`python -m api serve` in processes of its own."""

    warehouse: Path
    project: Path = CHECKOUT
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    python: str = sys.executable
    process: subprocess.Popen[bytes] | Forked | None = None
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        self.start_without_waiting()
        try:
            wait_until(self._is_ready_or_gone)
            assert self.has_process, f"the server ended: {self._last_words()}"
        except BaseException:
            self.stop()
            raise
        return self

    def start_without_waiting(self) -> None:
        self.port = self.port or free_port()
        command = ["-m", "api", "serve", "--port", str(self.port)]
        with open(self.log or os.devnull, "ab") as log, open(os.devnull, "ab") as null:
            if "WORKERS" not in self.settings:
                outputs = {1: null.fileno(), 2: log.fileno()}
                self.process = fork_server.start(
                    command, CHECKOUT, self.environment, outputs, self.python
                )
            else:
                # Where several workers count together is chosen at an import.
                self.process = subprocess.Popen(
                    [self.python, *command],
                    cwd=CHECKOUT,
                    env=self.environment,
                    stdout=null,
                    stderr=log,
                )

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.warehouse, self.project) | self.settings

    @property
    def has_process(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _last_words(self) -> str:
        return self.log.read_text()[-2000:] if self.log else "it has no log"

    def _is_ready_or_gone(self) -> bool:
        return not self.has_process or self.is_ready()

    def is_ready(self) -> bool:
        return self.answers() and self.get("/health/ready").status_code == 200

    def answers(self) -> bool:
        try:
            return self.get("/health/live").status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=HANG_SECONDS, **options)

    def rows(self, metric: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.get(f"/metrics/{metric}", params=parameters)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, timeout=HANG_SECONDS, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.session.delete(self.url + path, timeout=HANG_SECONDS, **options)

    def upload(
        self, table: str, content: bytes, prefer: str = "", name: str = ""
    ) -> requests.Response:
        return self.post(
            "/upload_csv",
            files={"csv_file": (name or f"{table}.csv", content)},
            data={"table_name": table},
            headers={"Prefer": prefer},
        )

    def batch(self, table: str, rows: list[Any], prefer: str = "") -> requests.Response:
        body = {"table_name": table, "data": rows}
        return self.post("/insert_batch", json=body, headers={"Prefer": prefer})

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m api ...` on its warehouse, from a terminal."""
        return self._run(["-m", "api", *arguments], CHECKOUT)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """dbt on its warehouse, from a terminal in the folder of that.

        There it goes on from what was parsed of the checkout; in the root of the
        project it would read all anew, which takes longer than most of what it does.
        """
        target = self.warehouse / "target"
        self._begin_parsed(target)
        places = {"project": self.project, "profiles": self.project}
        options = [f"--{name}-dir={place}" for name, place in places.items()]
        return self._run(
            [self._dbt, *arguments, *options, f"--target-path={target}"],
            self.warehouse,
            WAREHOUSE_DIR=".",
        )

    def dbt_in_project(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """dbt on its warehouse, from a terminal in the root of its project."""
        return self._run([self._dbt, *arguments], self.project)

    @property
    def _dbt(self) -> str:
        return str(Path(self.python).parent / "dbt")

    def _run(
        self, command: list[str], folder: Path, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        given = self.environment | variables
        return fork_server.run(command, folder, given, self.python)

    def begin_parsed(self) -> None:
        """Put into its empty folder what dbt keeps of the checkout, parsed already."""
        self._begin_parsed(self.warehouse / "builder")

    def _begin_parsed(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir(parents=True)
            shutil.copy(fork_server.parsed(self.python, self.environment), folder)

    def build_once(self) -> None:
        """One build in a process of its own, which goes on from what was parsed."""
        self.begin_parsed()
        done = self._run(["-m", "api.builder", "--once"], CHECKOUT)
        assert done.returncode == 0, done.stderr

    def workers(self) -> list[int]:
        """The processes that answer; none for an instant while one is replaced."""
        assert self.process is not None
        found = []
        for pid in children_of(self.process.pid):
            with suppress(FileNotFoundError):
                if b"api.builder" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    @property
    def builder(self) -> int:
        """The process that builds, or did last; the server needs a log."""
        assert self.log is not None
        log = self.log
        wait_until(lambda: bool(BUILDER_START.search(log.read_text())))
        return int(BUILDER_START.findall(log.read_text())[-1])

    @property
    def worker(self) -> int:
        (worker,) = self.workers()
        return worker

    def peak_memory(self) -> int:
        """The most that the one process that answers has ever taken, in kB."""
        status = Path(f"/proc/{self.worker}/status").read_text()
        (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1])

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None

    def kill(self) -> None:
        """kill -9 for the server, its worker and its builder, all at once."""
        assert self.process is not None
        for pid in [self.process.pid, *children_of(self.process.pid)]:
            # The builder and the workers also go by themselves, with their parent.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@contextmanager
def serving(sample: Path, folder: Path, **settings: str) -> Iterator[Server]:
    """A server on a copy of a warehouse, in a folder of its own with its log."""
    warehouse = Path(shutil.copytree(sample, folder / "warehouse"))
    server = Server(warehouse, settings=settings, log=folder / "log").start()
    try:
        yield server
    finally:
        server.stop()


def build_once(warehouse: Path, project: Path = CHECKOUT) -> None:
    """One build in a process of its own."""
    Server(warehouse, project).build_once()


def run_dbt(
    warehouse: Path, *arguments: str, project: Path = CHECKOUT
) -> subprocess.CompletedProcess[str]:
    """dbt from a terminal, in the root of the project."""
    return Server(warehouse, project).dbt(*arguments)


def run_command(
    warehouse: Path, *arguments: str, project: Path = CHECKOUT
) -> subprocess.CompletedProcess[str]:
    """`python -m api ...` from a terminal."""
    return Server(warehouse, project).command(*arguments)


def environment(warehouse: Path, project: Path = CHECKOUT) -> dict[str, str]:
    variables = {"BUILD_WAIT_SECONDS": str(HANG_SECONDS)} | os.environ
    return variables | {
        "WAREHOUSE_DIR": str(warehouse),
        "PROJECT_DIR": str(project),
        "DBT_LOG_PATH": str(warehouse / "logs"),
        "DBT_TARGET_PATH": str(warehouse / "target"),
    }


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what has to happen; it fails where that hangs."""
    deadline, pause = time.monotonic() + HANG_SECONDS, 0.02
    while not condition():
        assert time.monotonic() < deadline, f"not within {HANG_SECONDS} s"
        time.sleep(pause)
        # Asking takes time from what is waited for.
        pause = min(1.2 * pause, 0.25)


def free_port() -> int:
    """One that the system does not give to anybody else meanwhile."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def children_of(pid: int) -> list[int]:
    listing = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    found = [int(line) for line in listing.stdout.split()]
    return found + [grandchild for child in found for grandchild in children_of(child)]
