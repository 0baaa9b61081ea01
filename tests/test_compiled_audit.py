"""Builds after a load: dbt's generic tests run as one statement, and as strictly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.server import environment

from api.config import CHECKOUT

# Builds once in full, breaks something, builds after a load, then in full again.
SCRIPT = """
import json, sqlite3, sys
from pathlib import Path
from api.builder.dbt import Dbt
from api.config import Settings
warehouse, database, statements = sys.argv[1:]
dbt = Dbt(Settings.from_env(), lambda *_: None)
assert dbt.parse().succeeded
first = dbt.build()
assert first.succeeded, first.message
path = Path(warehouse) / database
connection = sqlite3.connect(path)
connection.executescript(statements)
connection.close()
told = []
for data_only in (True, False):
    dbt.build(data_only)
    published = sqlite3.connect(Path(warehouse) / "published.db")
    published.row_factory = sqlite3.Row
    build = published.execute("select * from builds order by build_id desc").fetchone()
    told.append(dict(build))
    published.close()
print(json.dumps(told))
"""
LOADED = """
insert into loads (load_id, table_name, mode, source, received, loaded, rejected,
    loaded_at) values (1, 'hired_employees', 'append', 'csv', 2, 2, 0, '2021');
insert into load_spans values (1, 'hired_employees', 1, null);
insert into hired_employees (_row, id, name, datetime, department_id, job_id) values
    ((1 << 32) + 1, 1, 'Ada', '2021-05-01T00:00:00Z', 404, 1),
    ((1 << 32) + 2, 2, 'Ben', '2021-05-01T00:00:00Z', 1, 1);
"""
# A raw table that lost its `not null`, with a row that no door would let in.
NAMELESS = (
    LOADED
    + """
create table loose as select * from hired_employees;
drop table hired_employees;
alter table loose rename to hired_employees;
update hired_employees set name = null where id = 2;
"""
)


def builds(warehouse: Path, database: str, statements: str) -> list[dict[str, Any]]:
    """What was recorded of the build after a load, and of a full one."""
    words = [str(CHECKOUT), str(warehouse), database, statements]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        cwd=CHECKOUT,
        env=environment(warehouse),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def statuses(build: dict[str, Any]) -> dict[str, str]:
    steps = json.loads(build["steps"])
    return {s["name"]: s["status"] for s in steps if s["kind"] == "test"}


@pytest.mark.parametrize(
    ("statements", "status"), [(LOADED, "published"), (NAMELESS, "failed")]
)
def test_both_ways_see_the_same(warehouse: Path, statements: str, status: str) -> None:
    short, full = builds(warehouse, "raw.db", statements)
    assert short["status"] == full["status"] == status
    assert statuses(short).keys() == statuses(full).keys(), "no test was left out"
    told = [json.loads(build["failures"]) for build in (short, full)]
    assert told[0], "an unknown department warns, at least"
    seen = [{f["name"]: f for f in failures} for failures in told]
    for name, failure in seen[1].items():
        assert seen[0][name] == failure
