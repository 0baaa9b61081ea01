"""Copies of the whole warehouse while it is written, and the way back."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.client import open_client
from support.inspection import query
from support.ledger import counting, upload
from support.server import Server, build_once, run_command, serving

from api.warehouse.engines.sqlite.snapshot import restore_snapshot, take_snapshot


@pytest.fixture(scope="module")
def live(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(sample_warehouse, tmp_path_factory.mktemp("live")) as server:
        yield server


def test_a_warehouse_in_use_is_not_put_back(live: Server, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    assert run_command(live.warehouse, "snapshot", str(folder)).returncode == 0
    done = run_command(live.warehouse, "restore-snapshot", str(folder))
    assert done.returncode == 1
    assert "is in use. Stop its server" in done.stderr
    assert live.get("/health/ready").status_code == 200


@contextmanager
def loading(server: Server) -> Iterator[None]:
    """Meanwhile it loads and builds all the time, one row a load."""
    server.batch("departments", [[1, "Sales"], [2, "Legal"]], "respond-async")
    server.batch("jobs", [[1, "Clerk"]], "respond-async")
    server.batch("hired_employees", [[1, "Ann", "2021-02-01", 1, 1]])
    ended = threading.Event()

    def load() -> None:
        row = 1
        while not ended.is_set():
            row += 1
            hire = [row, "Ann", "2021-02-01", 1, 1]
            server.batch("hired_employees", [hire], "respond-async")

    thread = threading.Thread(target=load)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_a_snapshot_of_a_busy_warehouse_serves_and_counts_what_it_says(
    live: Server, sample_warehouse: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshot"
    with loading(live):
        before = live.get("/loads?limit=1").json()[0]["load_id"]
        done = run_command(live.warehouse, "snapshot", str(folder))
    assert done.returncode == 0, done.stderr
    (((newest,),), ((rows,),)) = query(
        folder / "raw.db",
        "select max(load_id) from loads",
        "select count(*) from hired_employees",
    )
    assert newest >= before
    assert rows == newest - 2
    assert f"up to entry {newest} of the ledger" in done.stdout

    other = tmp_path / "other"
    back = run_command(other, "restore-snapshot", str(folder))
    assert back.returncode == 0, back.stderr
    # What dbt has parsed only saves time.
    shutil.copytree(sample_warehouse / "builder", other / "builder")
    build_once(other)
    with open_client(other) as client:
        build: Any = client.get("/builds").json[0]
        assert (build["status"], build["last_load_id"]) == ("published", newest)
        above: Any = client.get("/metrics/departments_above_average").json
        assert above[0]["hired"] == rows


@pytest.fixture
def folder(warehouse: Path, tmp_path: Path) -> Path:
    """A snapshot of a warehouse with one load."""
    with open_client(warehouse) as client:
        upload(client, "jobs", [(1, "Clerk")])
    folder = tmp_path / "snapshot"
    take_snapshot(warehouse, folder)
    return folder


def test_a_warehouse_goes_back_to_its_snapshot_and_keeps_what_it_was(
    warehouse: Path, folder: Path
) -> None:
    with open_client(warehouse) as client:
        upload(client, "jobs", [(2, "Baker")])
    about, aside = restore_snapshot(folder, warehouse)
    assert about.last_load_id == 1
    with open_client(warehouse) as client:
        assert counting(client) == [1]
        # Another load of the same number as the one that is gone.
        upload(client, "jobs", [(3, "Cook")])
    assert aside is not None
    assert query(aside / "raw.db", "select job from jobs") == [[["Clerk"], ["Baker"]]]


def copy_file(source: Path, target: Path) -> None:
    """By another process: this one may not open a database as a file."""
    subprocess.run(["cp", str(source), str(target)], check=True)


def test_models_built_from_another_ledger_are_built_anew(
    warehouse: Path, tmp_path: Path
) -> None:
    """raw.db exchanged by hand, main.db and published.db left as they were."""

    def hire(number: int, name: str) -> None:
        with open_client(warehouse) as client:
            row = (number, name, "2021-02-01", 1, 1)
            upload(client, "hired_employees", [row])

    def put_older_ledger_back() -> None:
        for path in warehouse.glob("raw.db*"):
            path.unlink()
        copy_file(tmp_path / "raw.db", warehouse / "raw.db")

    def staged() -> Any:
        sql = "select employee_id from stg_hired_employees order by employee_id"
        return query(warehouse / "main.db", sql)[0]

    with open_client(warehouse) as client:
        upload(client, "departments", [(1, "Sales"), (2, "Legal")])
        upload(client, "jobs", [(1, "Clerk")])
    hire(1, "Ann")
    copy_file(warehouse / "raw.db", tmp_path / "raw.db")
    hire(2, "Ben")
    build_once(warehouse)
    assert staged() == [[1], [2]]

    # Another load of the number that was built.
    put_older_ledger_back()
    hire(3, "Cem")
    build_once(warehouse)
    assert staged() == [[1], [3]]

    # Fewer loads than were built: nothing of them is left, in the record either.
    put_older_ledger_back()
    build_once(warehouse)
    assert staged() == [[1]]
    sql = "select status, last_load_id from builds"
    assert query(warehouse / "published.db", sql) == [[["published", 3]]]


def test_a_snapshot_may_lie_in_the_folder_of_its_warehouse(
    warehouse: Path,
) -> None:
    """Where that is the only volume."""
    folder = warehouse / "snapshots" / "monday"
    for command in ("snapshot", "restore-snapshot"):
        done = run_command(warehouse, command, str(folder))
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("harm", ["changed", "missing", "no description"])
def test_a_damaged_snapshot_is_refused_and_changes_nothing(
    warehouse: Path, folder: Path, harm: str
) -> None:
    if harm == "changed":
        content = bytearray((folder / "raw.db").read_bytes())
        content[5000] ^= 1
        (folder / "raw.db").write_bytes(content)
    else:
        (folder / ("raw.db" if harm == "missing" else "snapshot.json")).unlink()
    before = tree(warehouse)
    done = run_command(warehouse, "restore-snapshot", str(folder))
    assert done.returncode == 1
    assert str(folder) in done.stderr
    assert tree(warehouse) == before


def test_a_snapshot_does_not_overwrite(warehouse: Path, tmp_path: Path) -> None:
    with open_client(warehouse) as client:
        upload(client, "jobs", [(1, "Clerk")])
    done = run_command(warehouse, "snapshot", str(tmp_path))
    assert (done.returncode, "exists already" in done.stderr) == (1, True)


def test_a_warehouse_whose_ledger_is_gone_is_put_back(
    warehouse: Path, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "garbage").write_bytes(b"no database" * 1000)
    for harm in ("damaged", "lost"):
        for path in warehouse.glob("raw.db*"):
            path.unlink()
        if harm == "damaged":
            copy_file(tmp_path / "garbage", warehouse / "raw.db")
        done = run_command(warehouse, "restore-snapshot", str(folder))
        assert done.returncode == 0, (harm, done.stderr)
        with open_client(warehouse) as client:
            assert counting(client) == [1], harm
    build_once(warehouse)


STEPS = 14


@pytest.mark.parametrize("step", range(STEPS))
def test_a_restore_killed_at_any_step_leaves_the_one_or_the_other(
    warehouse: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with open_client(warehouse) as client:
        upload(client, "jobs", [(2, "Baker")])

    class Killed(BaseException):
        pass

    taken = 0

    def dying(step_of: Any) -> Any:
        def act(*given: Any, **options: Any) -> Any:
            nonlocal taken
            if taken == step:
                raise Killed
            taken += 1
            return step_of(*given, **options)

        return act

    for name in ("unlink", "rename", "replace", "mkdir"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))
    monkeypatch.setattr("os.link", dying(__import__("os").link))
    try:
        restore_snapshot(folder, warehouse)
        finished = True
    except Killed:
        finished = False
    monkeypatch.undo()
    with open_client(warehouse) as client:
        assert counting(client) == ([1] if finished else [1, 2])
    # And it can be put back once more.
    restore_snapshot(folder, warehouse)
    with open_client(warehouse) as client:
        assert counting(client) == [1]


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file's size and time: this process may not open a database as a file."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }
