"""A disk that is full or read-only, a ledger that is locked, damaged or put in place of
another: told as what it is, by the commands and by the database itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from support.disks import held, mounted, unmount
from support.server import run_command

from api.errors import StorageFull, WarehouseBusy, WarehouseDamaged
from api.warehouse.engines.sqlite import database as database_module
from api.warehouse.engines.sqlite.database import Database


def test_a_read_only_folder_is_told_by_every_command(
    sample_warehouse: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    mounted(disk, "24m")
    try:
        warehouse = Path(shutil.copytree(sample_warehouse, disk / "warehouse"))
        (tmp_path / "departments.csv").write_text("1,Sales\n")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        load = ["load", str(tmp_path / "departments.csv")]
        for command in (["serve"], load, ["build"]):
            done = run_command(warehouse, *command)
            assert done.returncode == 1
            assert "cannot be written to" in done.stderr, done.stderr
            assert str(warehouse) in done.stderr
            assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        done = run_command(warehouse, *load, "--no-build")
        assert done.returncode == 0, done.stderr
    finally:
        unmount(disk)


def damage(path: Path) -> None:
    for log in path.parent.glob(f"{path.name}-*"):
        log.unlink()
    with path.open("r+b") as file:
        file.write(os.urandom(20_000))


def test_a_damaged_ledger_is_told_at_start(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "departments.csv").write_text("1,Sales\n")
    load = ["load", "--no-build", str(tmp_path / "departments.csv")]
    assert run_command(warehouse, *load).returncode == 0
    damage(warehouse / "raw.db")
    for command in (["serve"], load, ["build"]):
        done = run_command(warehouse, *command)
        assert done.returncode == 1
        assert f"{warehouse / 'raw.db'} is damaged" in done.stderr, done.stderr
        assert "put the newest snapshot back" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_ledger_locked_by_another_process_is_told_and_got_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 200)
    database = Database(tmp_path / "raw.db")
    database.rows("pragma journal_mode = wal")
    database.rows("create table probe (x integer)")
    with held(tmp_path / "raw.db"):
        for _ in range(3):
            with (
                pytest.raises(WarehouseBusy, match="raw.db locked"),
                database.writing(),
            ):
                pass
        assert database.rows("select * from probe") == []
    with database.writing() as connection:
        connection.rows("insert into probe values (1)")
    assert database.rows("select x from probe") == [{"x": 1}]
    database.close()


def test_a_failed_write_leaves_no_lock_and_hides_no_error(tmp_path: Path) -> None:
    disk = tmp_path / "small"
    mounted(disk, "1m")
    try:
        database = Database(disk / "raw.db")
        database.rows("pragma journal_mode = wal")
        database.rows("create table probe (x text)")
        for _ in range(3):
            with pytest.raises(StorageFull, match="no room"), database.writing() as one:
                for _ in range(100):
                    one.rows("insert into probe values (?)", ["x" * 100_000])
        with database.writing() as connection:
            connection.rows("insert into probe values ('fits')")
        assert database.rows("select x from probe") == [{"x": "fits"}]
        database.close()
    finally:
        unmount(disk)


def test_a_file_that_is_put_in_place_of_another_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "raw.db"
    database = Database(path)
    database.rows("create table first (x integer)")
    path.rename(tmp_path / "before.db")
    with pytest.raises(WarehouseDamaged, match="taken away"):
        database.rows("select 1")
    assert not path.exists(), "no empty one in its place"
    with closing(sqlite3.connect(tmp_path / "made elsewhere")) as other:
        other.execute("create table second (x integer)")
    (tmp_path / "made elsewhere").rename(path)
    assert database.rows("select * from second") == []
    database.close()
