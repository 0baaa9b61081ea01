"""The disk is full, read-only or broken, a file is locked: told as what it is, nothing
acknowledged is lost, and the next request after the cause is gone works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.disks import held, mounted, unmount
from support.server import Server, free_port, serving, wait_until

from api.config import CHECKOUT

ABOVE = "departments_above_average"


@dataclass
class SmallDisks:
    """A server whose warehouse and whose folder of bodies are each on a small disk."""

    server: Server
    of_warehouse: Path
    of_bodies: Path


@pytest.fixture(scope="module")
def disks(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SmallDisks]:
    folder = tmp_path_factory.mktemp("disks")
    warehouse, bodies = folder / "warehouse", folder / "bodies"
    with ExitStack() as stack:
        for disk in (warehouse, bodies):
            # Enough to be ready to begin with.
            mounted(disk, "160m")
            stack.callback(unmount, disk)
        server = Server(
            Path(shutil.copytree(sample_warehouse, warehouse / "warehouse")),
            settings={"TMPDIR": str(bodies)},
            log=folder / "log",
        ).start()
        stack.callback(server.stop)
        yield SmallDisks(server, warehouse, bodies)


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that gets over one fault after the other; the last one is its end."""
    with serving(sample_warehouse, tmp_path_factory.mktemp("faults")) as server:
        yield server


def fill(folder: Path) -> Path:
    """Fill the disk to its last byte, with a file to remove."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def ledger(warehouse: Path) -> tuple[int, int, int]:
    """Loads, rows that they tell of, rows that there are; by another process."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(*c.execute('"
        "select count(*), coalesce(sum(loaded), 0), (select count(*) from departments)"
        " from loads').fetchone())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(warehouse / "raw.db")],
        capture_output=True,
        text=True,
        check=True,
    )
    loads, told, found = map(int, done.stdout.split())
    return loads, told, found


def departments(count: int) -> bytes:
    return b"".join(b"%d,A department with a long name\n" % n for n in range(count))


def is_built(server: Server, load_id: int) -> bool:
    build = server.get(f"/loads/{load_id}").json()["build"]
    return bool(build["status"] == "published")


def has_tried_to_build(log: str) -> bool:
    """Whether a builder has come to an end of some kind, by what it logged."""
    ends = ("build_published", "build_failed", "cannot be built")
    return any(end in log for end in ends)


def test_a_full_disk_is_told_and_got_over(disks: SmallDisks) -> None:
    server, warehouse = disks.server, disks.server.warehouse
    first = server.batch("departments", [[1, "Sales"]]).json()["load_id"]
    wait_until(lambda: is_built(server, first))
    before = server.get(f"/metrics/{ABOVE}").headers["Build-Id"]
    builder = (warehouse / "builder.lock").read_text()
    filler = fill(disks.of_warehouse)
    # Larger than what the log has room for: it cannot be kept.
    refused = server.upload("departments", departments(100_000))
    assert refused.status_code == 507, refused.text
    assert refused.json()["code"] == "storage_full"
    assert "Nothing was stored. Free some space" in refused.json()["detail"]
    assert refused.headers["Retry-After"]
    assert server.get(f"/metrics/{ABOVE}", params={"year": 1999}).ok
    assert server.get("/health/live").ok
    assert ledger(warehouse) == (1, 1, 1)
    # Small ones may still fit: then they count, whatever becomes of their build.
    assert server.log is not None
    log, told_before = server.log, server.log.stat().st_size
    accepted = 1
    for number in range(5):
        key = {"Idempotency-Key": f"full-{number}", "Prefer": "respond-async"}
        body = {"table_name": "departments", "data": [[2, f"Legal {number}"]]}
        answer = server.post("/insert_batch", json=body, headers=key)
        assert answer.status_code in (202, 507), answer.text
        accepted += answer.status_code == 202
    assert ledger(warehouse)[0] == accepted
    if accepted > 1:
        wait_until(lambda: has_tried_to_build(log.read_text()[told_before:]))
    assert server.get(f"/metrics/{ABOVE}", params={"year": 1998}).ok
    filler.unlink()
    answer = server.batch("departments", [[3, "Research"]])
    assert answer.status_code in (201, 202), answer.text
    newest = answer.json()["load_id"]
    assert newest == accepted + 1
    wait_until(lambda: is_built(server, newest))
    assert server.get(f"/metrics/{ABOVE}").headers["Build-Id"] > before
    assert (warehouse / "builder.lock").read_text() == builder
    loads, told, found = ledger(warehouse)
    assert (loads, told) == (accepted + 1, found)


def test_a_body_that_finds_no_room_while_it_arrives_is_told(disks: SmallDisks) -> None:
    server = disks.server
    # Where bodies are kept is looked for once, with the first of them.
    server.upload("departments", departments(50_000), "respond-async")
    filler = fill(disks.of_bodies)
    answer = server.upload("departments", departments(100_000))
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert str(disks.of_bodies) in answer.json()["detail"]
    filler.unlink()
    answer = server.upload("departments", departments(100_000), "respond-async")
    assert answer.status_code == 202, answer.text


def immutable(warehouse: Path, on: bool) -> bool:
    """No file of the folder can be made, and none of the ledger's be written to."""
    paths = [warehouse, *warehouse.glob("raw.db"), *warehouse.glob("raw.db-wal")]
    sign = "+i" if on else "-i"
    command = ["chattr", sign, *map(str, paths)]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_a_folder_that_turns_read_only_under_the_server_is_told_and_got_over(
    server: Server,
) -> None:
    warehouse = server.warehouse
    first = server.batch("departments", [[1, "Sales"]]).json()["load_id"]
    wait_until(lambda: is_built(server, first))
    if not immutable(warehouse, True):
        immutable(warehouse, False)
        pytest.skip("files cannot be made immutable here")
    try:
        for _ in range(3):
            answer = server.batch("departments", [[2, "Legal"]])
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "warehouse_read_only", answer.text
        assert server.get(f"/metrics/{ABOVE}", params={"year": 1999}).ok
    finally:
        immutable(warehouse, False)
    answer = server.batch("departments", [[2, "Legal"]])
    assert answer.status_code in (201, 202), answer.text
    wait_until(lambda: is_built(server, first + 1))


@pytest.mark.parametrize("name", ["main.db", "published.db"])
def test_a_build_waits_out_a_lock(server: Server, name: str) -> None:
    # A builder that has built before comes to the lock in a second.
    assert server.batch("departments", [[1, "Sales"]]).status_code == 201
    with held(server.warehouse / name):
        answer = server.batch("departments", [[1, "Sales"]], "respond-async")
        assert answer.status_code == 202
        load_id = answer.json()["load_id"]
        # SQLite by itself gives up after 5 s; nothing shows that somebody waits.
        time.sleep(8)
        assert server.get(f"/metrics/{ABOVE}").ok
        assert not is_built(server, load_id)
    wait_until(lambda: is_built(server, load_id))
    built = server.get(f"/loads/{load_id}").json()["build"]
    assert server.get("/builds").json()[0]["build_id"] == built["build_id"]


def test_a_ledger_damaged_under_the_server_is_told_and_got_over(
    server: Server, tmp_path: Path
) -> None:
    warehouse = server.warehouse
    # A ledger of before, to be put back.
    snapshot = tmp_path / "snapshot.db"
    code = (
        "import sqlite3, sys;"
        " sqlite3.connect(sys.argv[1]).execute('vacuum into ?', [sys.argv[2]])"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(warehouse / "raw.db"), str(snapshot)],
        check=True,
    )
    (warehouse / "raw.db").unlink()
    gone = server.batch("departments", [[1, "Sales"]])
    assert (gone.status_code, gone.json()["code"]) == (503, "warehouse_damaged")
    assert "taken away" in gone.json()["detail"]
    for log in warehouse.glob("raw.db-*"):
        log.unlink()
    (warehouse / "raw.db").write_bytes(os.urandom(50_000))
    damaged = server.batch("departments", [[1, "Sales"]])
    assert (damaged.status_code, damaged.json()["code"]) == (503, "warehouse_damaged")
    assert "put the newest snapshot back" in damaged.json()["detail"]
    assert server.get(f"/metrics/{ABOVE}", params={"year": 1999}).ok
    os.replace(snapshot, warehouse / "raw.db")
    answer = server.batch("departments", [[1, "Sales"]])
    assert answer.status_code in (201, 202), answer.text
    load_id = answer.json()["load_id"]
    wait_until(lambda: is_built(server, load_id))


def test_two_servers_on_one_warehouse_lose_and_double_nothing(
    server: Server, tmp_path: Path
) -> None:
    warehouse = server.warehouse
    told = tmp_path / "second.log"
    second = Server(warehouse, port=free_port())
    # It says so where `Server` does not listen: on its standard output.
    with told.open("wb") as log:
        second.process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--port", str(second.port)],
            cwd=CHECKOUT,
            env=second.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(second.is_ready)
        wait_until(lambda: "has a builder already" in told.read_text())
        before = ledger(warehouse)
        accepted = []
        for number in range(10):
            door = (server, second)[number % 2]
            answer = door.batch("departments", [[number, "One"]], "respond-async")
            accepted.append(answer.json()["load_id"])
        server.kill()
        answer = second.batch("departments", [[100, "After"]], "respond-async")
        accepted.append(answer.json()["load_id"])
        first = accepted[0]
        assert accepted == list(range(first, first + 11))
        wait_until(lambda: is_built(second, first + 10))
        assert ledger(warehouse) == tuple(count + 11 for count in before)
    finally:
        second.stop()
