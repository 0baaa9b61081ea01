"""The engine under test, by DBT_TARGET, and servers on warehouses of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
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
        yield backend
    finally:
        backend.close()


@pytest.fixture(scope="module")
def new_server(
    engine: Backend,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[NewServer]:
    """Make servers, not started, on new warehouses of the engine; all end as one.

    No load is in them; where that can be copied, they show the sample already.
    `settings` are further variables: those of another server for a second one on its
    warehouse.
    """
    made: list[Server] = []

    def new(project: Path = CHECKOUT, **settings: str) -> Server:
        folder = tmp_path_factory.mktemp("server")
        server = Server(
            warehouse=folder / "warehouse",
            project=project,
            settings=settings or engine.new_warehouse(),
            log=folder / "log",
        )
        if engine.is_folder:
            shutil.copytree(
                request.getfixturevalue("sample_warehouse"), server.warehouse
            )
        made.append(server)
        return server

    yield new
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Server:
    """A server that the tests of a module share, from an empty warehouse on."""
    return new_server().start()


@pytest.fixture(scope="module")
def own_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project that the tests of a module may edit."""
    return copy_project(tmp_path_factory.mktemp("project") / "project")
