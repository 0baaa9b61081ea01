"""Who waits is woken by what happens, and does not look all the time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from support.server import HANG_SECONDS

from api.builder.heartbeat import Heart, Pulse
from api.warehouse.engines.sqlite.commits import NAME, CommitListener, signal_commit
from api.warehouse.engines.sqlite.database import Database


@pytest.fixture
def listener(tmp_path: Path) -> CommitListener:
    listener = CommitListener(tmp_path)
    # The first call makes the FIFO.
    listener.wait(0)
    return listener


def test_a_commit_wakes_the_builder(listener: CommitListener, tmp_path: Path) -> None:
    database = Database(
        tmp_path / "raw.db", after_commit=lambda: signal_commit(tmp_path)
    )
    with database.writing() as connection:
        connection.rows("create table rows (id integer)")
    listener.wait(HANG_SECONDS)
    database.close()


def test_a_commit_before_the_wait_counts_and_many_are_one(
    listener: CommitListener, tmp_path: Path
) -> None:
    for _ in range(100_000):
        signal_commit(tmp_path)  # Nobody reads: it must not wait for room.
    listener.wait(HANG_SECONDS)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert not readable(tmp_path)


def readable(folder: Path) -> bool:
    fifo = os.open(folder / NAME, os.O_RDWR | os.O_NONBLOCK)
    try:
        return bool(os.read(fifo, 1))
    except BlockingIOError:
        return False
    finally:
        os.close(fifo)


def test_a_fifo_that_is_taken_away_is_made_again(
    listener: CommitListener, tmp_path: Path
) -> None:
    (tmp_path / NAME).unlink()
    signal_commit(tmp_path)
    listener.wait(0)
    signal_commit(tmp_path)
    listener.wait(HANG_SECONDS)


def test_without_a_fifo_the_builder_looks_often(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("a file of somebody")
    signal_commit(tmp_path)
    CommitListener(tmp_path).wait(HANG_SECONDS)
    CommitListener(tmp_path / "nowhere").wait(HANG_SECONDS)


def test_the_end_of_a_builder_wakes_its_supervisor() -> None:
    pulse = Pulse()
    heart = Heart(pulse.write_end)
    heart.built()
    pulse.wait(HANG_SECONDS)
    pulse.silence()
    assert pulse.has_built
    pulse.hand_over()
    pulse.wait(HANG_SECONDS)
    pulse.close()
