"""Readiness: which part cannot do its work, and why."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.openapi import check
from support.project import Edit
from support.server import build_once

from api import create_app
from api.config import Settings
from api.warehouse.engines.sqlite.builder_lock import only_builder


@contextmanager
def served(warehouse: Path, project: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(warehouse_dir=warehouse, project_dir=project))
    with app.test_client() as client:
        yield client
    app.extensions["context"].close()


def test_all_parts_are_ready_beside_a_builder(
    client: FlaskClient, warehouse: Path
) -> None:
    with only_builder(warehouse):
        answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json["status"] == "ready"
    parts = {"metrics", "builder", "store", "contract", "disk"}
    assert answer.json["parts"] == dict.fromkeys(parts, "ready")


def test_without_a_builder_it_is_not_ready(client: FlaskClient) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "python -m api builder" in answer.json["parts"]["builder"]
    assert answer.json["parts"]["store"] == "ready"


def test_before_the_first_build_metrics_are_not_ready(tmp_path: Path) -> None:
    with open_client(tmp_path / "new") as client, only_builder(tmp_path / "new"):
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "not there yet" in answer.json["parts"]["metrics"]
        document = client.get("/openapi.json").json
        check(document, "get", "/health/ready", answer)


def test_a_broken_contract_is_told_and_what_it_was_serves(
    warehouse: Path, project: Path, edit: Edit
) -> None:
    with served(warehouse, project) as client, only_builder(warehouse):
        edit("quarterly_hires.yml", "title:", "tilte:")
        context = client.application.extensions["context"]
        context._next_check = 0.0
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        state = answer.json["parts"]["contract"]
        assert state.startswith("ready, but the contract of before")
        edit("quarterly_hires.yml", "tilte:", "title:")
        context._next_check = 0.0
        assert client.get("/health/ready").json["parts"]["contract"] == "ready"


def test_a_failed_build_is_told_and_the_numbers_of_before_serve(
    warehouse: Path, project: Path, edit: Edit
) -> None:
    # A mistake that is seen before dbt is asked: a build that fails as cheaply as any.
    edit("quarterly_hires.yml", "title:", "tilte:")
    with pytest.raises(AssertionError):
        build_once(warehouse, project)
    edit("quarterly_hires.yml", "tilte:", "title:")
    with served(warehouse, project) as client, only_builder(warehouse):
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        state = answer.json["parts"]["builder"]
        assert state == "ready, but the last build was not published, see /builds/2"


def test_a_warehouse_that_cannot_be_written_is_not_ready(
    sample_warehouse: Path, small_disk: Path
) -> None:
    folder = small_disk / "warehouse"
    subprocess.run(["cp", "-r", str(sample_warehouse), str(folder)], check=True)
    with open_client(folder) as client, only_builder(folder):
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "less than 64 MiB" in answer.json["parts"]["disk"]
        assert answer.json["parts"]["store"] == "ready"
        with (small_disk / "filler").open("wb", 0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"x" * 65536)
        answer = client.get("/health/ready")
        state = answer.json["parts"]["store"]
        assert state.endswith("cannot be written to: No space left on device")
        assert answer.json["parts"]["metrics"] == "ready"
        (small_disk / "filler").unlink()
        assert client.get("/health/ready").json["parts"]["store"] == "ready"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MiB; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_folder_is_told(client: FlaskClient, warehouse: Path) -> None:
    client.get("/health/ready")
    bind = ["mount", "--bind", str(warehouse), str(warehouse)]
    if subprocess.run(bind, capture_output=True).returncode:
        pytest.skip("this user may not mount a folder")
    try:
        again = ["mount", "-o", "remount,ro,bind", str(warehouse)]
        subprocess.run(again, check=True)
        state = client.get("/health/ready").json["parts"]["store"]
        assert state.endswith("cannot be written to: Read-only file system")
    finally:
        subprocess.run(["umount", "-l", str(warehouse)], check=True)
