"""The power goes in mid-write: raw.db and its log, as the disk may have left them.

What was acknowledged is in the log before it is told, so whatever of a later write is
missing or torn, the earlier loads are there, whole, and the next one works.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from api.config import CHECKOUT, Settings
from api.contract.files import Project
from api.loading import load_batch
from api.warehouse.engines.sqlite.database import Database
from api.warehouse.warehouse import Warehouse, open_warehouse

TABLE = Project(CHECKOUT).contract().tables["departments"]
ROWS = 300
FILES = ("raw.db", "raw.db-wal")
WAL_HEADER, FRAME_HEADER = 32, 24
PAGE = 4096
SECTOR = 512

Files = dict[str, bytes]


def opened(folder: Path) -> Warehouse:
    warehouse = open_warehouse(Settings(warehouse_dir=folder))
    warehouse.raw.prepare([TABLE])
    return warehouse


def load(warehouse: Warehouse, name: str, count: int = ROWS) -> None:
    rows = [[n, f"{name} {n}"] for n in range(1, count + 1)]
    load_batch(warehouse.raw, TABLE, [*rows, [0, None]])


def state(warehouse: Warehouse) -> list[tuple[int, int, int]]:
    """Per load its number, rows and rejects, as the ledger tells and as they are."""
    found = []
    for entry in reversed(warehouse.raw.loads(100, 1 << 40)):
        sql = "select count(*) as n from departments where _load_id = ?"
        rows = warehouse.raw._database.rows(sql, [entry.load_id])[0]["n"]
        rejects = len(warehouse.raw.rejects(entry.load_id, 10))
        assert (rows, rejects) == (entry.loaded, entry.rejected)
        found.append((entry.load_id, rows, rejects))
    orphans = "select count(*) as n from departments where _load_id not in"
    sql = f"{orphans} (select load_id from loads)"
    assert warehouse.raw._database.rows(sql)[0]["n"] == 0
    return found


def test_a_commit_waits_until_its_log_is_on_the_disk(tmp_path: Path) -> None:
    """What the tests below take for granted."""
    with closing(opened(tmp_path)) as warehouse:
        modes = warehouse.raw._database.rows("pragma synchronous")
    assert [mode["synchronous"] for mode in modes] == [2]  # full


def crash_copy(folder: Path) -> Files:
    """The files as they are while the writer has them open, read by another process."""
    read = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    return {
        name: subprocess.run(
            [sys.executable, "-c", read, str(folder / name)],
            capture_output=True,
            check=True,
        ).stdout
        for name in FILES
    }


def after_power_loss(folder: Path, files: Files) -> list[tuple[int, int, int]]:
    """What is found on these files; one more load has to go after it."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    warehouse = opened(folder)
    try:
        found = state(warehouse)
        load(warehouse, "the next", count=2)
        assert state(warehouse) == [*found, (len(found) + 1, 2, 1)]
        return found
    finally:
        warehouse.close()
        shutil.rmtree(folder)


def loads(count: int) -> list[tuple[int, int, int]]:
    return [(number, ROWS, 1) for number in range(1, count + 1)]


@pytest.fixture
def crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Files, Files]:
    """The files with three loads acknowledged, and with a fourth behind them."""
    # Nothing is moved out of the log meanwhile: all of it is at stake.
    monkeypatch.setattr(Database, "_checkpoint", lambda _: None)
    warehouse = opened(tmp_path / "warehouse")
    for name in ("first", "second", "third"):
        load(warehouse, name)
    before = crash_copy(tmp_path / "warehouse")
    load(warehouse, "fourth")
    after = crash_copy(tmp_path / "warehouse")
    warehouse.close()
    assert after["raw.db"] == before["raw.db"]
    assert after["raw.db-wal"].startswith(before["raw.db-wal"])
    return before, after


def places(before: int, after: int) -> list[int]:
    """Where the last write may end: about each frame, each sector, and anywhere."""
    frames = range(before, after + 1, FRAME_HEADER + PAGE)
    near = {frame + step for frame in frames for step in (-1, 0, 1, FRAME_HEADER)}
    anywhere = random.Random(7).sample(range(before, after), 300)
    sectors = range(before - before % SECTOR, after, 3 * SECTOR)
    every = near | set(anywhere) | set(sectors) | {after}
    return sorted(place for place in every if before <= place <= after)


def test_a_log_cut_anywhere_in_the_last_write_has_every_load_before_it(
    tmp_path: Path, crashed: tuple[Files, Files]
) -> None:
    before, after = (files["raw.db-wal"] for files in crashed)
    cuts = places(len(before), len(after))
    assert len(cuts) > 300
    for place in cuts:
        files = crashed[1] | {"raw.db-wal": after[:place]}
        found = after_power_loss(tmp_path / f"cut{place}", files)
        assert found == loads(4 if place == len(after) else 3), place


def test_a_log_with_torn_sectors_in_the_last_write_has_every_load_before_it(
    tmp_path: Path, crashed: tuple[Files, Files]
) -> None:
    """The file has its length, but some of its sectors never reached the disk."""
    before, after = (files["raw.db-wal"] for files in crashed)
    rng = random.Random(11)
    sectors = range(-(-len(before) // SECTOR), len(after) // SECTOR)
    for attempt in range(40):
        torn = bytearray(after)
        for sector in rng.sample(sectors, rng.randint(1, len(sectors) // 2)):
            start = sector * SECTOR
            torn[start : start + SECTOR] = rng.choice(
                [bytes(SECTOR), rng.randbytes(SECTOR)]
            )
        files = crashed[1] | {"raw.db-wal": bytes(torn)}
        found = after_power_loss(tmp_path / f"torn{attempt}", files)
        assert found in (loads(3), loads(4)), attempt


def test_a_checkpoint_cut_anywhere_is_made_good_by_the_log(
    tmp_path: Path, crashed: tuple[Files, Files]
) -> None:
    """Pages move into the database file in any order; the log is whole until after."""
    files = crashed[1]
    pages = pages_in(files["raw.db-wal"])
    rng = random.Random(13)
    for attempt in range(30):
        database = bytearray(files["raw.db"])
        for number in rng.sample(sorted(pages), rng.randint(1, len(pages))):
            start = (number - 1) * PAGE
            database += bytes(max(0, start - len(database)))
            written = rng.choice([PAGE, PAGE, rng.randrange(PAGE)])
            database[start : start + written] = pages[number][:written]
        found = after_power_loss(
            tmp_path / f"moved{attempt}", files | {"raw.db": bytes(database)}
        )
        assert found == loads(4), attempt


def pages_in(log: bytes) -> dict[int, bytes]:
    """The newest content of every page in a log that ends with a commit."""
    found = {}
    for place in range(WAL_HEADER, len(log), FRAME_HEADER + PAGE):
        (number,) = struct.unpack(">I", log[place : place + 4])
        content = place + FRAME_HEADER
        found[number] = log[content : content + PAGE]
    return found
