"""dbt's generic tests run as one statement where they compile to the same, and as
strictly: after a load, and of a changed project those that the change is not about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import fork_server
from support.server import environment

from api.config import CHECKOUT

# Builds once in full, for the tests have to be compiled. Then, for each change of the
# uploaded rows, builds as after a load, as of a changed project, and by dbt alone.
SCRIPT = """
import json, sqlite3, sys
from pathlib import Path
from api.builder.dbt import Dbt
from api.builder.judge import Judge
from api.builder.replay.builds import ReplayedBuilds
from api.config import Settings
from api.warehouse.engines import open_builder_store
from api.contract.files import Project
warehouse, *changes = sys.argv[1:]
settings = Settings.from_env()
engine = open_builder_store(settings)
dbt = Dbt(settings, lambda *_: None, {}, ReplayedBuilds(engine, lambda _: None))
judge = Judge(engine, Project(settings.project_dir))
assert dbt.parse().succeeded
first = dbt.build(has_seeds=True)
assert first.succeeded, first.message
told = []
for change in changes:
    raw = sqlite3.connect(Path(warehouse) / "raw.db")
    raw.executescript(change)
    raw.close()
    ways = {"after a load": True, "of a change": False, "by dbt alone": False}
    for way, data_only in ways.items():
        if way == "by dbt alone":
            (settings.warehouse_dir / "builder/compiled_tests.json").unlink()
        options = {"data_only": True} if data_only else {"has_seeds": True}
        ended = dbt.build(**options)
        judge.own(ended.invocation_id, dbt.nodes(), dbt.known_to_pass, "")
        published = sqlite3.connect(Path(warehouse) / "published.db")
        published.row_factory = sqlite3.Row
        newest = "select * from builds order by build_id desc"
        told.append(dict(published.execute(newest).fetchone()))
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
NAMELESS = """
create table loose as select * from hired_employees;
drop table hired_employees;
alter table loose rename to hired_employees;
insert into loads (load_id, table_name, mode, source, received, loaded, rejected,
    loaded_at) values (2, 'hired_employees', 'append', 'csv', 1, 1, 0, '2021');
insert into load_spans values (2, 'hired_employees', 2, null);
insert into hired_employees (_row, id, name, datetime, department_id, job_id) values
    ((2 << 32) + 1, 2, null, '2021-05-01T00:00:00Z', 1, 1);
"""
STATUSES = ["published", "failed"]
Builds = list[dict[str, Any]]


@pytest.fixture(scope="module")
def builds(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Builds]:
    """What was recorded of the three builds, by their status."""
    folder = tmp_path_factory.mktemp("builds")
    warehouse = shutil.copytree(sample_warehouse, folder / "warehouse")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = [str(script), str(warehouse), LOADED, NAMELESS]
    done = fork_server.run(command, CHECKOUT, environment(warehouse))
    assert done.returncode == 0, done.stderr
    told: Builds = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(STATUSES, (told[:3], told[3:]), strict=True))


def statuses(build: dict[str, Any]) -> dict[str, str]:
    steps = json.loads(build["steps"])
    return {s["name"]: s["status"] for s in steps if s["kind"] == "test"}


@pytest.mark.parametrize("status", STATUSES)
def test_all_ways_see_the_same(builds: dict[str, Builds], status: str) -> None:
    *short, full = builds[status]
    seen = failures(full)
    assert seen, "an unknown department warns, at least"
    for build in short:
        assert build["status"] == full["status"] == status
        assert statuses(build).keys() == statuses(full).keys(), "no test was left out"
        assert seen.items() <= failures(build).items()
        assert seconds(build) == 0 < seconds(full), "dbt has run none of them"


def seconds(build: dict[str, Any]) -> float:
    """What dbt has taken for tests of the first of their kinds."""
    steps = json.loads(build["steps"])
    return sum(s["seconds"] for s in steps if s["name"].startswith("unique_"))


def failures(build: dict[str, Any]) -> dict[str, Any]:
    return {failure["name"]: failure for failure in json.loads(build["failures"])}
