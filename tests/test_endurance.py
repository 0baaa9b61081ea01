"""The long runs of `endurance` can be made.

What they show in length, tests/engines/test_crashes.py and test_reading.py show here.
"""

from __future__ import annotations

import random
from pathlib import Path

from endurance import Crashes, Reads
from support.server import Server


def test_both_runs_come_to_their_end(warehouse: Path) -> None:
    crashes = Crashes(Server(warehouse), random.Random(7))
    try:
        crashes.run(rounds=1)
        assert crashes.rounds == 1
        assert crashes.rows > 0

        # Readers go by hires that are all of one department.
        answer = crashes.server.post(
            "/upload_csv",
            files={"csv_file": ("hired.csv", b"0,Ann,2021-02-01,1,1\n")},
            data={"table_name": "hired_employees", "mode": "replace"},
        )
        assert answer.status_code == 201, answer.text
        reads = Reads(crashes.server)
        reads.run(reads=50, loads=2)
        assert reads.reads >= 50
        assert len(reads.builds) >= 2
    finally:
        crashes.server.stop()
