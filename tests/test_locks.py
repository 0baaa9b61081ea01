"""One SQLite library per process: the rule holds, and what it protects is real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from api.config import CHECKOUT
from api.warehouse.guard import TwoCopiesOfSqlite, keep_sqlite3_out_of

TRY_TO_WRITE = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("begin immediate")
    print(json.dumps("taken"))
except sqlite3.OperationalError as error:
    print(json.dumps(str(error)))
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    assert done.returncode == 0, done.stderr
    answer: str = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("form", ["{}", "file:{}", "file:{}?mode=ro", "{}/../raw.db"])
def test_sqlite3_may_not_open_a_warehouse_file_here(tmp_path: Path, form: str) -> None:
    # In a process of its own: the hook stays for good.
    code = """
    import json, sqlite3, sys
    from pathlib import Path
    from api.warehouse.guard import keep_sqlite3_out_of, TwoCopiesOfSqlite
    keep_sqlite3_out_of(Path(sys.argv[1]))
    sqlite3.connect(":memory:").close()
    try:
        sqlite3.connect(sys.argv[2], uri=sys.argv[2].startswith("file:"))
        print(json.dumps("opened"))
    except TwoCopiesOfSqlite:
        print(json.dumps("refused"))
    """
    database = form.format(tmp_path / "raw.db")
    assert run(code, str(tmp_path), database) == "refused"


def test_a_link_to_a_warehouse_file_is_refused_too(tmp_path: Path) -> None:
    import sqlite3

    folder = tmp_path / "warehouse"
    folder.mkdir()
    os.symlink(folder / "raw.db", tmp_path / "link.db")
    keep_sqlite3_out_of(folder)
    with pytest.raises(TwoCopiesOfSqlite, match="Use another process"):
        sqlite3.connect(tmp_path / "link.db")


def test_opening_the_warehouse_arms_the_guard(warehouse: Path) -> None:
    code = """
    import json, sqlite3, sys
    from api import create_app
    from api.config import Settings
    create_app(Settings(warehouse_dir=sys.argv[1]))
    try:
        sqlite3.connect(sys.argv[1] + "/published.db")
        print(json.dumps("opened"))
    except Exception as error:
        print(json.dumps(type(error).__name__))
    """
    assert run(code, str(warehouse)) == "TwoCopiesOfSqlite"


def test_a_lock_held_through_adbc_survives_other_connections_of_the_process(
    warehouse: Path,
) -> None:
    code = f"""
    import json, subprocess, sys
    from pathlib import Path
    from api.warehouse.database import Connection, Database
    path = Path(sys.argv[1])
    database = Database(path)
    database.rows("create table if not exists probe (x integer) strict")
    attempt = [sys.executable, "-c", {TRY_TO_WRITE!r}, str(path)]
    with database.writing():
        for _ in range(20):
            Connection(path).close()
            with database.reading() as reader:
                reader.rows("select * from probe")
        held = subprocess.run(attempt, capture_output=True, text=True).stdout
    free = subprocess.run(attempt, capture_output=True, text=True).stdout
    print(json.dumps([json.loads(held), json.loads(free)]))
    """
    assert run(code, str(warehouse / "raw.db")) == ["database is locked", "taken"]


def test_two_copies_of_sqlite_do_lose_a_lock(tmp_path: Path) -> None:
    # Why the rule exists. When this fails, the hazard is gone and the guard may go too.
    code = f"""
    import json, sqlite3, subprocess, sys
    import adbc_driver_sqlite.dbapi as adbc
    path = sys.argv[1]
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("create table probe (x integer)")
    holder.execute("begin immediate")
    other = adbc.connect(path, autocommit=True)
    with other.cursor() as cursor:
        cursor.execute("select * from probe")
        cursor.fetchall()
    other.close()
    attempt = [sys.executable, "-c", {TRY_TO_WRITE!r}, path]
    done = subprocess.run(attempt, capture_output=True, text=True)
    print(done.stdout, end="")
    """
    assert run(code, str(tmp_path / "probe.db")) == "taken"
