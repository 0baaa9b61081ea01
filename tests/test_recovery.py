"""What the builder makes of files that are damaged or lost, and how it is watched."""

from __future__ import annotations

import time
from pathlib import Path

from support import fork_server
from support.inspection import published, query
from support.server import environment, free_port, run_command

from api.builder.heartbeat import Heart, Pulse
from api.config import CHECKOUT
from api.warehouse.engines.sqlite.builder_lock import builder_is_running, only_builder
from api.warehouse.engines.sqlite.builder_store import recovery


def test_a_damaged_file_is_kept_under_a_dated_name_and_only_the_last(
    tmp_path: Path,
) -> None:
    for content in (b"first", b"second"):
        (tmp_path / "main.db").write_bytes(content * 100)
        assert recovery.set_aside_damaged(tmp_path)
    kept = list(tmp_path.iterdir())
    assert [path.name.partition("-")[0] for path in kept] == ["main.db.damaged"]
    assert kept[0].read_bytes().startswith(b"second")


def test_a_log_without_its_database_is_not_taken_for_the_next_ones(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.db-wal").write_bytes(b"of a database that is gone")
    recovery.clear_what_lost_files_left(tmp_path)
    assert not (tmp_path / "main.db-wal").exists()


def test_marts_of_a_lost_ledger_are_not_replaced_by_the_sample(
    warehouse: Path,
) -> None:
    query(warehouse / "published.db", "update builds set last_load_id = 1")
    for path in warehouse.glob("raw.db*"):
        path.unlink()
    # Not on the port of somebody's own server.
    serve = ("serve", "--port", str(free_port()))
    refused = [run_command(warehouse, *command) for command in (("build",), serve)]
    build = ["-m", "api.builder", "--once"]
    refused.append(fork_server.run(build, CHECKOUT, environment(warehouse)))
    for done in refused:
        assert done.returncode == 1
        assert "raw.db is gone or empty, but load 1 was published" in done.stderr
    assert published(warehouse).builds == ["published"]


def test_a_pulse_tells_how_long_it_is_silent_and_whether_anything_was_built() -> None:
    pulse = Pulse()
    heart = Heart(pulse.write_end)
    beaten = time.monotonic()
    heart.beat()
    assert pulse.silence() <= time.monotonic() - beaten and not pulse.has_built
    time.sleep(0.2)
    assert pulse.silence() >= 0.2
    built = time.monotonic()
    heart.built()
    assert pulse.silence() <= time.monotonic() - built and pulse.has_built
    for _ in range(100_000):
        heart.built()  # Nobody listens: it must not wait for room.
    pulse.close()
    heart.built()
    pulse.hand_over()


def test_whether_a_builder_runs_can_be_asked_where_nothing_can_be_written(
    tmp_path: Path,
) -> None:
    assert not builder_is_running(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with only_builder(tmp_path):
        assert builder_is_running(tmp_path)
    assert not builder_is_running(tmp_path)
