"""One SQLite library per process: the rule holds, and what it protects is real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support import fork_server

from api.config import CHECKOUT

TRY_TO_WRITE = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("begin immediate")
    print(json.dumps("taken"))
except sqlite3.OperationalError as error:
    print(json.dumps(str(error)))
"""


def run(code: str, *arguments: str) -> Any:
    """What the code prints, in a new process of Python."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    return answer_of(done)


def run_forked(folder: Path, code: str, *arguments: str) -> Any:
    """The same in a process that is forked, with the modules that it needs."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    command = [str(script), *arguments]
    return answer_of(fork_server.run(command, CHECKOUT, dict(os.environ)))


def answer_of(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# In a process of its own, for the hook stays for good; in one for all names, for a name
# that is refused or opened changes nothing for the next.
TRY_TO_OPEN = """
import json, os, sqlite3, sys
from pathlib import Path
from api.warehouse.engines.sqlite.guard import keep_sqlite3_out_of, TwoCopiesOfSqlite
folder, *names = Path(sys.argv[1]), *sys.argv[2:]
keep_sqlite3_out_of(folder)
os.chdir(folder.parent)
held = open(folder / "raw.txt")

def attempt(name):
    name = name.replace("FD", str(held.fileno()))
    try:
        if name.startswith("open "):
            open(name.removeprefix("open "), "rb").close()
        else:
            given = name.removeprefix("bytes ")
            given = given.encode() if given != name else given
            sqlite3.connect(given, uri=name.startswith("file:")).close()
        return "opened"
    except TwoCopiesOfSqlite:
        return "refused"

print(json.dumps([attempt(name) for name in names]))
"""
OURS = [
    "{folder}/raw.db",
    "{folder}/new.db",
    "{folder}/../ware house/raw.db",
    "ware house/raw.db",
    "bytes {folder}/raw.db",
    "file:{folder}/raw.db",
    "file:{folder}/raw.db?mode=ro",
    "file:{base}/ware%20house/raw.db",
    "file:{base}/ware%20house%2Fraw.db?mode=ro&cache=shared",
    "file://{base}/ware%20house/raw.db",
    "file://localhost{base}/ware%20house/raw.db#there",
    "{base}/hard",
    "{base}/soft",
    "{base}/folder/raw.db",
    "/proc/self/fd/FD",
    "open {folder}/raw.db",
    "open {folder}/raw.db-shm",
    "open {base}/folder/raw.db",
]
OTHERS = [":memory:", "", "{base}/other.db", "file:{base}/other.db"]
OTHERS += ["open {base}/other.db"]


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What came of each name, where a folder and its database have others as well."""
    base = tmp_path_factory.mktemp("names")
    folder = base / "ware house"
    folder.mkdir()
    (folder / "raw.txt").touch()
    os.link(folder / "raw.txt", folder / "raw.db")
    os.link(folder / "raw.db", base / "hard")
    os.symlink(folder / "raw.db", base / "soft")
    os.symlink(folder, base / "folder")
    (base / "other.db").touch()
    # Those that are opened stand between the others, and after all of them.
    names = [*OURS[:9], *OTHERS, *OURS[9:], *OTHERS]
    given = [name.format(folder=folder, base=base) for name in names]
    answers = run_forked(base, TRY_TO_OPEN, str(folder), *given)
    told = list(zip(names, answers, strict=True))
    return {name: {answer for n, answer in told if n == name} for name in names}


@pytest.mark.parametrize("name", OURS)
def test_no_name_of_a_warehouse_file_opens_it_here(
    attempts: dict[str, set[str]], name: str
) -> None:
    assert attempts[name] == {"refused"}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_not_the_guard_s_business(
    attempts: dict[str, set[str]], name: str
) -> None:
    assert attempts[name] == {"opened"}


def test_a_process_that_answers_http_does_not_even_import_sqlite3(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With it, a statement could attach what no name of a file gives away. In a process
    # that has imported nothing: a forked one has the module from the beginning.
    monkeypatch.setenv("WAREHOUSE_DIR", str(warehouse))
    code = """
    import json
    from api.server import worker_app
    app = worker_app()
    assert app.test_client().get("/metrics/departments_above_average?format=svg").data
    try:
        import sqlite3
        print(json.dumps("imported"))
    except RuntimeError as error:
        print(json.dumps(type(error).__name__))
    """
    assert run(code) == "TwoCopiesOfSqlite"


def test_opening_the_warehouse_arms_the_guard(warehouse: Path, tmp_path: Path) -> None:
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
    assert run_forked(tmp_path, code, str(warehouse)) == "TwoCopiesOfSqlite"


def test_a_lock_held_through_adbc_survives_other_connections_of_the_process(
    warehouse: Path, tmp_path: Path
) -> None:
    code = f"""
    import json, subprocess, sys
    from pathlib import Path
    from api.warehouse.engines.sqlite.database import Connection, Database
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
    answers = run_forked(tmp_path, code, str(warehouse / "raw.db"))
    assert answers == ["database is locked", "taken"]


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
    assert run_forked(tmp_path, code, str(tmp_path / "probe.db")) == "taken"
