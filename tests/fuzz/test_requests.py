"""Requests made up from the OpenAPI document, valid ones and others, to a real server.

Without keys and with one. `FUZZED_EXAMPLES` says how many random ones each operation
gets, beside all that the document itself has a reason for: every bound, every type,
every field left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.server import Server

TESTS = Path(__file__).parents[1]
EXAMPLES = os.environ.get("FUZZED_EXAMPLES", "30")
# A door takes a batch with bad rows, and tells them; and what makes a text a CSV file
# is not for JSON Schema to say.
NOT_OF_DOORS = ("--exclude-checks", "negative_data_rejection,positive_data_acceptance")
CHECKS = {"GET": (), "POST": NOT_OF_DOORS}
KEY = "a-key-for-generated-requests"
KEYS = pytest.mark.parametrize("key", ["", KEY], ids=["without keys", "with a key"])


@contextmanager
def serving(warehouse: Path, key: str) -> Iterator[Server]:
    """A server that asks for the key, if there is one, and is asked with it."""
    settings = {
        "BUILD_WAIT_SECONDS": "0.1",
        "API_KEYS": key,
        # So that all there is asks for the key, and is asked without it as well.
        "PROTECT_METRICS": "1" if key else "0",
    }
    log = warehouse.parent / "log"
    server = Server(warehouse, settings=settings, log=log).start()
    if key:
        server.session.headers["Authorization"] = f"Bearer {key}"
    try:
        yield server
    finally:
        server.stop()


def load_a_bit(server: Server) -> None:
    rows = [[1, "Sales"], ["x", "Legal"]]
    assert server.batch("departments", rows, "respond-async").status_code == 202


def fuzz(server: Server, method: str) -> int:
    """Send what schemathesis makes up for a method; how many requests that were."""
    key = server.session.headers.get("Authorization")
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "run"),
            *("--include-method", method, "--max-examples", EXAMPLES),
            *("--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
            *("--checks", "all", *CHECKS[method]),
            *(("-H", f"Authorization: {key}") if key else ()),
            *("--suppress-health-check", "all", "--no-color", "--seed", "1"),
            f"{server.url}/openapi.json",
        ],
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "support.cursor_hook", "PYTHONPATH": str(TESTS)},
        # It leaves notes where it runs.
        cwd=server.warehouse.parent,
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    paths = server.get("/openapi.json").json()["paths"].values()
    (tested,) = re.findall(r"Tested: (\d+)", done.stdout)
    assert int(tested) == sum(method.lower() in path for path in paths)
    (made,) = re.findall(r"(\d+) generated", done.stdout)
    return int(made)


@KEYS
@pytest.mark.parametrize("method", CHECKS)
def test_every_answer_is_a_documented_one(
    warehouse: Path, method: str, key: str
) -> None:
    with serving(warehouse, key) as server:
        load_a_bit(server)
        assert fuzz(server, method) > 50
