"""`python tests/image`, as root: the Dockerfile tried where no container engine runs.

A Debian root of debootstrap's stands in for the base image. The Dockerfile's own
instructions are carried out in it, and what comes of them is started as a container
would be (`make image-check`).
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from container import Container, container, make_volumes
from dockerfile import CHECKOUT, context, instructions
from stage import Stage

PACKAGES = "python3,python3-venv,ca-certificates"
# How this machine reaches its packages.
OURS = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")
KEY = "a-key-to-try-the-image-with"
ASK = """
import os, sys, urllib.request
path, *body = sys.argv[1:]
headers = {"X-API-Key": os.environ["KEY"], "Content-Type": "application/json"}
data = body[0].encode() if body else None
url = f"http://127.0.0.1:{os.environ['PORT']}{path}"
with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
    print(answer.read().decode())
"""
BATCHES = (
    {"table_name": "departments", "data": [[1, "Sales"], [2, "Legal"]]},
    {"table_name": "jobs", "data": [[1, "Clerk"]]},
    {
        "table_name": "hired_employees",
        "data": [[1, "Ada", "2021-02-03T04:05:06Z", 1, 1]],
    },
)
METRIC = "/metrics/departments_above_average"
EXPECTED = [{"id": 1, "department": "Sales", "hired": 1}]


def build(folder: Path) -> Stage:
    """Carry out the Dockerfile; the last stage."""
    files = folder / "context"
    for path in context():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, files / path)
    base = folder / "base"
    _debian(base)
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for name, rest in instructions():
        if name == "FROM":
            label = rest.partition(" AS ")[2] or str(len(stages))
            subprocess.run(["cp", "-a", base, folder / label], check=True)
            stage = stages[label] = Stage(folder / label, files)
        elif stage is not None:
            stage.carry_out(name, rest, stages)
    assert stage is not None
    return stage


def _debian(root: Path) -> None:
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    for path in OURS:
        shutil.copy(path, root / path.lstrip("/"))
    for name in ("python", "python3"):
        (root / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")


def try_out(stage: Stage, folder: Path) -> None:
    """Start it without a key and with one, load, read, stop, start again."""
    volumes = make_volumes(stage, folder / "volumes")
    with container(stage, volumes) as without_key:
        code, told = without_key.end()
    assert code and "API_KEYS" in told, told
    print(f"without a key: exit code {code}, {told.strip().splitlines()[-1]}")

    with container(stage, volumes, "key", "hr") as keys:
        code, told = keys.end()
    assert code == 0 and len(told.split("\n")) > 2, told

    with container(stage, volumes, API_KEYS=KEY) as served:
        print(f"healthy after {_until_healthy(served, stage):.1f} s")
        for batch in BATCHES:
            answer = json.loads(_ask(served, "/insert_batch", json.dumps(batch)))
            assert answer["loaded"] == len(batch["data"]), answer
        assert json.loads(_ask(served, METRIC)) == EXPECTED
        assert "</svg>" in _ask(served, f"{METRIC}?format=svg")
        made = served.run(*stage.commands["ENTRYPOINT"], "snapshot", "/snapshots/first")
        assert made.returncode == 0, made.stderr
        seconds = served.stop(signal.SIGTERM)
        code, told = served.end()
    assert code == 0 and "Read-only file system" not in told, told
    print(f"stopped {seconds:.1f} s after SIGTERM, exit code {code}")

    with container(stage, volumes, API_KEYS=KEY) as again:
        _until_healthy(again, stage)
        assert json.loads(_ask(again, METRIC)) == EXPECTED
    print("started again on the same volume: the rows are there")


def _until_healthy(served: Container, stage: Stage) -> float:
    began = time.monotonic()
    while (found := served.run(*stage.commands["HEALTHCHECK"])).returncode:
        assert time.monotonic() - began < 60, found.stderr
        time.sleep(0.2)
    return time.monotonic() - began


def _ask(served: Container, path: str, *body: str) -> str:
    done = served.run("python", "-c", ASK, path, *body, KEY=KEY)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        stage = build(Path(name))
        for place in ("venv", "app"):
            used = subprocess.check_output(["du", "-sm", stage.root / place], text=True)
            print(f"/{place}: {used.split()[0]} MB on top of the base image")
        try_out(stage, Path(name))


if __name__ == "__main__":
    main()
