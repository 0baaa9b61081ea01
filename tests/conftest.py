"""One built warehouse per session, copied per test; a real server where it matters."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.extra_marts import add_marts
from support.project import Edit, copy_project
from support.server import Server, build_once

pytest_plugins = ["support.progress"]

Once = Callable[[str, Callable[[Path], None]], Path]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Binary content has its argument's name: zip and gzip tell the time, and the
    processes of a run have to name a test alike."""
    return argname if isinstance(val, bytes) and b"\0" in val else None


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """What all processes that share a run have in common: made by the first of them."""
    base = tmp_path_factory.getbasetemp()
    common = base if worker_id == "master" else base.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder = common / name
        folder.mkdir(exist_ok=True)
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "made").exists():
                make(folder)
                (folder / "made").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def sample_warehouse(once: Once) -> Path:
    """A warehouse as a first build on the sample leaves it. Only ever copied."""

    def make(folder: Path) -> None:
        build_once(folder / "warehouse")
        # What dbt writes for people to look at is most of what there is to copy.
        for written in ("compiled", "run"):
            shutil.rmtree(folder / "warehouse/builder" / written)

    return once("sample", make) / "warehouse"


@pytest.fixture(scope="session")
def extra_marts(once: Once, sample_warehouse: Path) -> Path:
    """A warehouse that also serves the marts of support/extra_marts.py. Only read."""

    def make(folder: Path) -> None:
        project = copy_project(folder / "project")
        add_marts(project)
        shutil.copytree(sample_warehouse, folder / "warehouse")
        build_once(folder / "warehouse", project)

    return once("extra_marts", make) / "warehouse"


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


@pytest.fixture(scope="module")
def shared_client(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """The same on one warehouse for all tests of a module."""
    folder = tmp_path_factory.mktemp("shared") / "warehouse"
    with open_client(Path(shutil.copytree(sample_warehouse, folder))) as client:
        yield client


@pytest.fixture
def server(warehouse: Path) -> Iterator[Server]:
    """A server on a warehouse that shows the sample."""
    server = Server(warehouse).start()
    yield server
    server.stop()
