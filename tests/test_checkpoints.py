"""What was committed reaches the database file without any writer having to wait."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from support.server import wait_until

from api.config import CHECKOUT, Settings
from api.contract.files import Project
from api.loading import load_csv
from api.warehouse.engines.sqlite.checkpoints import Checkpoints
from api.warehouse.warehouse import open_warehouse


def test_a_load_is_moved_out_of_the_wal_afterwards(tmp_path: Path) -> None:
    table = Project(CHECKOUT).contract().tables["departments"]
    warehouse = open_warehouse(Settings(warehouse_dir=tmp_path))
    warehouse.raw.prepare([table])
    raw = tmp_path / "raw.db"
    before = raw.stat().st_size
    rows = b"".join(b"%d,A department with a name\n" % n for n in range(1, 50_000))
    load_csv(warehouse.raw, table, io.BytesIO(rows))
    wait_until(lambda: raw.stat().st_size > before + 500_000)
    warehouse.close()


def test_one_checkpoint_does_for_all_who_want_one_meanwhile() -> None:
    begun, go_on = threading.Event(), threading.Event()
    made: list[int] = []

    def checkpoint() -> None:
        made.append(1)
        begun.set()
        go_on.wait(10)

    checkpoints = Checkpoints(checkpoint)
    checkpoints.want()
    assert begun.wait(10)
    for _ in range(5):
        checkpoints.want()
    go_on.set()
    wait_until(lambda: len(made) == 2)
    checkpoints.close()
    checkpoints.want()
    assert len(made) == 2, "nothing begins once it is closed"
