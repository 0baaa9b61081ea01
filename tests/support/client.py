"""The application in this process, without a builder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient

from api import create_app
from api.config import Settings


@contextmanager
def open_client(warehouse: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(warehouse_dir=warehouse, build_wait_seconds=0))
    with app.test_client() as client:
        yield client
    app.extensions["context"].close()
