"""The long runs of `endurance`, in short."""

from __future__ import annotations

import random
from pathlib import Path

from endurance import Crashes, Reads
from support.server import Server


def test_a_server_killed_at_random_moments_loses_nothing_acknowledged(
    warehouse: Path,
) -> None:
    crashes = Crashes(Server(warehouse), random.Random(7))
    try:
        crashes.run(rounds=4)
    finally:
        crashes.server.stop()
    assert crashes.rounds == 4
    assert crashes.rows > 0


def test_readers_meet_no_error_and_no_mixture_while_builds_are_published(
    server: Server,
) -> None:
    reads = Reads(server)
    reads.run(reads=500, loads=8)
    assert reads.reads >= 500
    assert len(reads.builds) >= 4
