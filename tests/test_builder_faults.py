"""A builder that hangs or is killed, and databases of its own that are damaged or lost:
what is served comes back by itself, and nobody waits without being told."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.project import Edit
from support.server import (
    Server,
    build_once,
    children_of,
    environment,
    run_command,
    wait_until,
)

from api.builder.heartbeat import Heart, Pulse
from api.config import CHECKOUT
from api.engines.sqlite.builder_lock import only_builder
from api.engines.sqlite.building import mending

ABOVE = "departments_above_average"
ENDLESS = """
with recursive n (i) as (select 1 union all select i + 1 from n)
select max(i) as year, 1 as hires from n
"""
ENDLESS_YAML = """
models:
  - name: endless
    description: Never done.
    config: {meta: {title: Endless}}
    columns:
      - {name: year, data_type: integer, description: "Never."}
      - {name: hires, data_type: integer, description: Never.}
"""


def builds(warehouse: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(warehouse / "published.db")) as published:
        sql = "select status, last_load_id from builds order by build_id"
        return published.execute(sql).fetchall()


def load_department(warehouse: Path, folder: Path, name: str) -> None:
    path = folder / "departments.csv"
    path.write_text(f"1,{name}\n")
    done = run_command(warehouse, "load", "--no-build", str(path))
    assert done.returncode == 0, done.stderr


def garbage(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(20_000))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "garbage": garbage,
    "cut in half": cut,
    "empty": lambda path: os.truncate(path, 0),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["main.db", "published.db"])
def test_what_is_derived_is_built_anew_from_the_ledger(
    warehouse: Path, tmp_path: Path, name: str, how: str
) -> None:
    load_department(warehouse, tmp_path, "Sales")
    DAMAGES[how](warehouse / name)
    build_once(warehouse)
    assert builds(warehouse)[-1] == ("published", 1)
    with closing(sqlite3.connect(warehouse / "main.db")) as main:
        assert main.execute("select department from stg_departments").fetchall() == [
            ("Sales",)
        ]


def test_a_damaged_file_is_kept_under_a_dated_name_and_only_the_last(
    tmp_path: Path,
) -> None:
    for content in (b"first", b"second"):
        (tmp_path / "main.db").write_bytes(content * 100)
        assert mending.set_aside_damaged(tmp_path)
    kept = list(tmp_path.iterdir())
    assert [path.name.partition("-")[0] for path in kept] == ["main.db.damaged"]
    assert kept[0].read_bytes().startswith(b"second")


def test_a_log_without_its_database_is_not_taken_for_the_next_ones(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.db-wal").write_bytes(b"of a database that is gone")
    mending.clear_what_lost_files_left(tmp_path)
    assert not (tmp_path / "main.db-wal").exists()


def test_garbage_in_dbts_own_folder_stops_no_build(warehouse: Path) -> None:
    for path in (warehouse / "builder").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00garbage")
    build_once(warehouse)
    assert [status for status, _ in builds(warehouse)] == ["published"] * 2


def test_marts_of_a_lost_ledger_are_not_replaced_by_the_sample(
    warehouse: Path, tmp_path: Path
) -> None:
    load_department(warehouse, tmp_path, "Sales")
    build_once(warehouse)
    for path in warehouse.glob("raw.db*"):
        path.unlink()
    refused = [run_command(warehouse, name) for name in ("build", "serve")]
    builder = subprocess.run(
        [sys.executable, "-m", "api.builder", "--once"],
        cwd=CHECKOUT,
        env=environment(warehouse),
        capture_output=True,
        text=True,
    )
    for done in (*refused, builder):
        assert done.returncode == 1
        assert "raw.db is gone or empty, but load 1 was published" in done.stderr
    assert builds(warehouse)[-1] == ("published", 1)


def test_a_build_makes_no_folder_outside_of_the_warehouse(
    warehouse: Path, project: Path
) -> None:
    """The checkout may be read-only, and nothing more has to be set."""
    variables = environment(warehouse, project)
    del variables["DBT_LOG_PATH"]
    before = sorted(project.iterdir())
    command = [sys.executable, "-m", "api.builder", "--once"]
    subprocess.run(command, cwd=CHECKOUT, env=variables, check=True)
    assert sorted(project.iterdir()) == before


def in_one_file(database: Path) -> bytes:
    """The database with all that its log holds."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return database.read_bytes()


def test_an_older_ledger_has_everything_built_anew(
    warehouse: Path, tmp_path: Path
) -> None:
    load_department(warehouse, tmp_path, "Sales")
    older = in_one_file(warehouse / "raw.db")
    load_department(warehouse, tmp_path, "Legal")
    build_once(warehouse)
    in_one_file(warehouse / "raw.db")
    (warehouse / "raw.db").write_bytes(older)
    build_once(warehouse)
    assert builds(warehouse) == [("published", 1)]


@pytest.fixture
def live(warehouse: Path) -> Iterator[Server]:
    server = Server(warehouse).start()
    yield server
    server.stop()


def test_a_running_server_serves_again_after_each_damage(
    live: Server, warehouse: Path
) -> None:
    def is_served() -> bool:
        answer = live.get(f"/metrics/{ABOVE}", params={"year": int(time.time() % 999)})
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    for damage in DAMAGES.values():
        # On the second metric or so: what the server has in memory may do for a while.
        damage(warehouse / "published.db")
        answer = live.batch("departments", [[1, damage.__name__]])
        assert answer.status_code in (201, 202), answer.text
        wait_until(is_served)
        load_id = answer.json()["load_id"]
        wait_until(lambda n=load_id: is_built(live, n))
        assert is_served()


def is_built(server: Server, load_id: int) -> bool:
    build = server.get(f"/loads/{load_id}").json()["build"]
    return bool(build["status"] == "published")


def builder_of(server: Server) -> int:
    assert server.process is not None
    pid = int((server.warehouse / "builder.lock").read_text())
    assert pid in children_of(server.process.pid)
    return pid


def test_a_model_without_an_end_is_ended_told_and_mended(
    warehouse: Path, project: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILD_TIMEOUT_SECONDS", "10")
    server = Server(warehouse, project).start()
    try:
        marts = project / "dbt_project/models/marts"
        (marts / "endless.yml").write_text(ENDLESS_YAML)
        (marts / "endless.sql").write_text(ENDLESS)
        time.sleep(1.0)
        answer = server.batch("departments", [[1, "Sales"]])
        # The load is safe, and whoever waits for it hears why no build holds it.
        assert answer.status_code == 201, answer.text
        (failure,) = answer.json()["build"]["failures"]
        assert failure["kind"] == "timeout"
        assert "no sign of life for 10 s" in failure["message"]
        assert failure["words"] == failure["message"]
        first = builder_of(server)
        time.sleep(5.0)
        assert builder_of(server) == first, "held off, not started again and again"
        for path in marts.glob("endless.*"):
            path.unlink()
        load_id = answer.json()["load_id"]
        wait_until(lambda: is_built(server, load_id))
    finally:
        server.stop()


def test_a_builder_that_is_stopped_is_replaced(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILD_TIMEOUT_SECONDS", "10")
    server = Server(warehouse).start()
    try:
        stopped = builder_of(server)
        os.kill(stopped, signal.SIGSTOP)
        answer = server.batch("departments", [[1, "Sales"]])
        assert answer.status_code == 201, answer.text
        load_id = answer.json()["load_id"]
        wait_until(lambda: is_built(server, load_id))
        assert builder_of(server) != stopped
    finally:
        server.stop()


def test_a_pulse_tells_how_long_it_is_silent_and_whether_anything_was_built() -> None:
    pulse = Pulse()
    heart = Heart(pulse.theirs)
    heart.beat()
    assert pulse.silence() < 1 and not pulse.has_built
    time.sleep(0.2)
    assert pulse.silence() >= 0.2
    heart.built()
    assert pulse.silence() < 0.2 and pulse.has_built
    for _ in range(100_000):
        heart.built()  # Nobody listens: it must not wait for room.
    pulse.close()
    heart.built()
    pulse.hand_over()


def test_whether_a_builder_runs_can_be_asked_where_nothing_can_be_written(
    tmp_path: Path,
) -> None:
    from api.engines.sqlite.builder_lock import builder_is_running

    assert not builder_is_running(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with only_builder(tmp_path):
        assert builder_is_running(tmp_path)
    assert not builder_is_running(tmp_path)
