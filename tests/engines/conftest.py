"""The engine under test, by DBT_TARGET, and servers on warehouses of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from conftest import Once
from support.held_builder import built_together
from support.project import copy_project
from support.server import Server

from api.config import CHECKOUT
from engines.backends import BACKENDS, Backend

NewServer = Callable[..., Server]


def in_few_builds(engine: Backend, server: Server) -> AbstractContextManager[None]:
    """One build for all that comes meanwhile, on an engine that takes long for each."""
    return built_together(server) if engine.rounds == 1 else nullcontext()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The engine, started once; it is up whenever a test begins."""
    target = os.environ.get("DBT_TARGET") or "sqlite"
    backend = BACKENDS[target](tmp_path_factory.mktemp(target))
    try:
        backend.start()
        # For all processes, also those that have parsed the project ahead.
        os.environ |= backend.variables
        yield backend
    finally:
        backend.close()


@pytest.fixture(scope="session")
def sample_warehouse(once: Once, engine: Backend) -> Path | None:
    """A warehouse as a first build on the sample leaves it, beside what the engine
    keeps of it; None where it cannot be copied."""

    def make(folder: Path) -> None:
        server = Server(folder / "warehouse")
        # In the first one builds whoever forks from then on.
        engine.new_warehouse()
        server.begin_parsed()
        engine.new_warehouse()
        server.build_once()
        engine.keep(folder)

    return once("sample", make) / "warehouse" if engine.can_copy else None


@pytest.fixture(scope="module")
def new_server(
    engine: Backend,
    tmp_path_factory: pytest.TempPathFactory,
    sample_warehouse: Path | None,
) -> Iterator[NewServer]:
    """Make servers, not started, on new warehouses of the engine; all end as one.

    No load is in them; where that can be copied, they show the sample already, unless
    they are to begin with nothing but the project as it was parsed. `beside` is another
    server, for a second one on its warehouse; `settings` are further variables.
    """
    made: list[Server] = []

    def new(
        project: Path = CHECKOUT,
        beside: Server | None = None,
        is_empty: bool = False,
        **settings: str,
    ) -> Server:
        folder = tmp_path_factory.mktemp("server")
        sample = None if is_empty or beside else sample_warehouse
        if not beside:
            engine.new_warehouse(sample.parent if sample else None)
        server = Server(
            warehouse=folder / "warehouse",
            project=project,
            settings=engine.variables | settings,
            log=folder / "log",
        )
        if sample:
            shutil.copytree(sample, server.warehouse)
        else:
            server.begin_parsed()
        made.append(server)
        return server

    yield new
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Server:
    """A server that the tests of a module share, from a warehouse without loads on."""
    return new_server().start()


@pytest.fixture(scope="module")
def own_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project that the tests of a module may edit."""
    return copy_project(tmp_path_factory.mktemp("project") / "project")
