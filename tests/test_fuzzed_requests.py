"""Requests made up from the OpenAPI document, valid ones and others, to a real server.

`FUZZED_EXAMPLES` says how many random ones each operation gets.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.server import Server

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZED_EXAMPLES", "10")
# A door takes a batch with bad rows, and tells them; and what makes a text a CSV file
# is not for JSON Schema to say.
NOT_OF_DOORS = ("--exclude-checks", "negative_data_rejection,positive_data_acceptance")
KEY = "a-key-for-generated-requests"


@pytest.mark.parametrize("key", ["", KEY], ids=["without keys", "with a key"])
@pytest.mark.parametrize(
    ("method", "excluded"), [("GET", ()), ("POST", NOT_OF_DOORS)], ids=["GET", "POST"]
)
def test_every_answer_is_a_documented_one(
    warehouse: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    excluded: tuple[str, ...],
    key: str,
) -> None:
    monkeypatch.setenv("BUILD_WAIT_SECONDS", "0.1")
    monkeypatch.setenv("API_KEYS", key)
    # So that all there is asks for the key, and is asked without it as well.
    monkeypatch.setenv("PROTECT_METRICS", "1" if key else "0")
    server = Server(warehouse).start()
    sent = {"Authorization": f"Bearer {key}"} if key else {}
    server.session.headers.update(sent)
    server.batch("departments", [[1, "Sales"], ["x", "Legal"]], "respond-async")
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "run"),
            *("--include-method", method, "--max-examples", EXAMPLES),
            *("--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
            *("--checks", "all", *excluded),
            *(part for header in sent.items() for part in ("-H", ": ".join(header))),
            *("--suppress-health-check", "all", "--no-color", "--seed", "1"),
            f"{server.url}/openapi.json",
        ],
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "support.cursor_hook", "PYTHONPATH": str(HERE)},
        # It leaves notes where it runs.
        cwd=warehouse.parent,
        capture_output=True,
        text=True,
    )
    server.stop()
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    (made,) = re.findall(r"(\d+) generated", done.stdout)
    assert int(made) > 50
