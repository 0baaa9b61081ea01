"""One built warehouse per session, copied per test; a real server where it matters."""

from __future__ import annotations

import os
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

import pytest
import requests
from flask.testing import FlaskClient

from api import create_app
from api.config import CHECKOUT, Settings

PROJECT_PARTS = ("dbt_project", "seeds", "dbt_project.yml", "profiles.yml")
START_SECONDS = 60.0

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse as a first build on the sample leaves it. Only ever copied."""
    folder = tmp_path_factory.mktemp("session") / "warehouse"
    build_once(folder)
    return folder


@pytest.fixture
def warehouse(sample_warehouse: Path, tmp_path: Path) -> Path:
    """A warehouse of the test's own, built from the sample."""
    return Path(shutil.copytree(sample_warehouse, tmp_path / "warehouse"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project that the test may edit."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def edit(project: Path) -> Edit:
    """Replace a text in a file of the copied project."""

    def replace(name: str, old: str, new: str) -> None:
        path = next(project.rglob(name))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return replace


@pytest.fixture
def client(warehouse: Path) -> Iterator[FlaskClient]:
    """The application in this process, without a builder: loads do not wait."""
    with open_client(warehouse) as client:
        yield client


@contextmanager
def open_client(warehouse: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(warehouse_dir=warehouse, build_wait_seconds=0))
    with app.test_client() as client:
        yield client
    app.extensions["context"].close()


@dataclass
class Server:
    """`python -m api serve` in processes of its own."""

    warehouse: Path
    project: Path = CHECKOUT
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    python: str = sys.executable
    # How long a start, or an answer, may take.
    patience: float = 90.0
    process: subprocess.Popen[bytes] | None = None
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        self.start_without_waiting()
        wait_until(self.is_ready, self.patience)
        return self

    def start_without_waiting(self) -> None:
        self.port = self.port or free_port()
        with open(self.log or os.devnull, "ab") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "api", "serve", "--port", str(self.port)],
                cwd=CHECKOUT,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.warehouse, self.project) | self.settings

    def is_ready(self) -> bool:
        return self.answers() and self.get("/health/ready").status_code == 200

    def answers(self) -> bool:
        try:
            return self.get("/health/live").status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=self.patience, **options)

    def rows(self, metric: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.get(f"/metrics/{metric}", params=parameters)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, timeout=self.patience, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.session.delete(self.url + path, timeout=self.patience, **options)

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
        return _run(self.environment, CHECKOUT, self.python, "-m", "api", *arguments)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """dbt on its warehouse, from a terminal in the root of its project."""
        dbt = str(Path(self.python).parent / "dbt")
        return _run(self.environment, self.project, dbt, *arguments)

    def workers(self) -> list[int]:
        """The processes that answer; none for an instant while one is replaced."""
        assert self.process is not None
        found = []
        for pid in children_of(self.process.pid):
            with suppress(FileNotFoundError):
                if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

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
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
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


@pytest.fixture
def server(warehouse: Path) -> Iterator[Server]:
    """A server on a warehouse that shows the sample."""
    server = Server(warehouse).start()
    yield server
    server.stop()


def copy_project(folder: Path) -> Path:
    """The dbt project, and nothing else of the checkout, in a new folder."""
    folder.mkdir()
    for name in PROJECT_PARTS:
        source = CHECKOUT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return folder


def build_once(warehouse: Path, project: Path = CHECKOUT) -> None:
    """One build in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "api.builder", "--once"],
        cwd=CHECKOUT,
        env=environment(warehouse, project),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


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


def _run(
    variables: dict[str, str], folder: Path, *command: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True
    )


def environment(warehouse: Path, project: Path = CHECKOUT) -> dict[str, str]:
    return os.environ | {
        "WAREHOUSE_DIR": str(warehouse),
        "PROJECT_DIR": str(project),
        "DBT_LOG_PATH": str(warehouse / "logs"),
    }


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children_of(pid: int) -> list[int]:
    listing = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    found = [int(line) for line in listing.stdout.split()]
    return found + [grandchild for child in found for grandchild in children_of(child)]
