"""Builds without dbt: what makes a script, when it is replayed, what that leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support import fork_server
from support.server import environment

from api.builder.replay.comparison import Recording, Statement, script_of
from api.builder.replay.script import AnswerDiffers, Script
from api.config import CHECKOUT

POSITION = "select 1 as last_load_id, 2 as last_request_id"
NOW = "2021-01-02T03:04:05.678Z"
Rows = list[tuple[Any, ...]]


def recording(number: int, *statements: Statement) -> Recording:
    given = {
        "invocation_id": f"id-of-{number}",
        "started_at": f"2021-01-0{number}T00:00:00.000Z",
        "finished_at": f"2021-01-0{number}T00:00:01.000Z",
    }
    return Recording(given, statements)


def asked(sql: str, columns: str, *rows: tuple[Any, ...]) -> Statement:
    return Statement(sql, "model.a", columns=tuple(columns.split()), rows=list(rows))


def sent(sql: str, **facts: Any) -> Statement:
    return Statement(sql, "model.a", **facts)


def position(load_id: int, request_id: int = 0) -> Statement:
    return asked(POSITION, "last_load_id last_request_id", (load_id, request_id))


def made(build: Callable[[int], Sequence[Statement]], *numbers: int) -> Script | None:
    """The script of the builds of two of our numbers, 1 and 2 if none are given."""
    one, other = numbers or (1, 2)
    return script_of(recording(one, *build(one)), recording(other, *build(other)))


def played(script: Script | None, *answers: Rows) -> list[str]:
    """What a script sends where those that it reads are answered like this."""
    assert script is not None
    left, found = list(answers), []
    columns = iter([step.columns for step in script.steps])

    def send(sql: str, wants_rows: bool, limit: int | None) -> tuple[Any, Rows]:
        found.append(sql)
        return next(columns), left.pop(0) if wants_rows else []

    script.replay("id-of-this", lambda: NOW, send, lambda _: None)
    return found


def test_a_placeholder_is_filled_by_what_is_known_of_the_build() -> None:
    script = made(lambda n: [sent(f"insert into t values ('id-of-{n}')")])
    assert played(script) == ["insert into t values ('id-of-this')"]


def test_a_placeholder_is_filled_by_an_answer_above_it() -> None:
    script = made(lambda n: [position(6 + n), sent(f"delete from t where n<={6 + n}")])
    assert played(script, [(99, 0)])[1] == "delete from t where n<=99"


def test_a_difference_that_comes_from_nowhere_makes_no_script() -> None:
    assert made(lambda n: [position(6 + n), sent(f"select {n}")]) is None


def test_an_answer_that_differs_may_have_decided_something() -> None:
    assert made(lambda n: [asked("select count(*) from t", "count", (n,))]) is None


def test_an_answer_that_was_alike_has_to_be_alike_again() -> None:
    script = made(lambda n: [asked("select count(*) from t", "count", (5,))])
    assert played(script, [(5,)])
    for answer in ([(6,)], [("5",)], [], [(5,), (5,)]):
        with pytest.raises(AnswerDiffers):
            played(script, answer)


def test_what_was_equal_by_chance_has_to_be_equal_again() -> None:
    version = "select version from main.dbt_changes_read where reader = 'a'"

    def build(n: int) -> list[Statement]:
        return [position(n), asked(version, "version", (n,)), sent(f"select {n}")]

    assert played(made(build), [(7, 0)], [(7,)])[2] == "select 7"
    with pytest.raises(AnswerDiffers):
        played(made(build), [(7, 0)], [(8,)])


def test_nothing_is_built_upon_a_zero() -> None:
    """By it our macros know that nothing was ever loaded."""
    assert made(lambda n: [position(n - 1)]) is None
    script = made(lambda n: [position(n)])
    with pytest.raises(AnswerDiffers):
        played(script, [(0, 0)])


def test_what_was_written_and_not_committed_makes_no_script() -> None:
    insert = "insert into t values (1)"
    assert made(lambda n: [sent(insert, is_committed=False)]) is None
    commit = sent("commit")
    assert played(made(lambda n: [sent(insert, is_committed=False), commit])) == [
        insert
    ]


def test_what_several_threads_did_at_once_makes_no_script() -> None:
    assert made(lambda n: [sent("select 1", thread=k) for k in (1, 2)]) is None


def test_values_beside_a_statement_make_no_script() -> None:
    assert made(lambda n: [sent("insert into t values (?)", has_values=True)]) is None


def test_the_seconds_of_a_node_are_those_of_the_replay() -> None:
    row = "('id-of-{n}', 'model.a', 'success', 'INSERT 0 {n}', null, 0.{n}, '[]')"
    sql = "insert into main.dbt_results (a) values " + row
    script = made(lambda n: [sent("select 1"), sent(sql.format(n=n))])
    (_, report) = played(script)
    assert report.endswith(
        "('id-of-this', 'model.a', 'success', null, null, 0.0, '[]')"
    )


def manifest(model: str, macro: str = "", hook: str = "{{ start_run() }}") -> Any:
    from api.builder.replay.determinism import is_deterministic

    def node(kind: str, code: str) -> SimpleNamespace:
        needs = SimpleNamespace(macros=["macro.other.called"])
        config = SimpleNamespace(pre_hook=[], post_hook=[])
        return SimpleNamespace(
            resource_type=kind,
            raw_code=code,
            language="sql",
            config=config,
            depends_on=needs,
        )

    called = SimpleNamespace(
        package_name="other",
        name="called",
        macro_sql=macro,
        depends_on=SimpleNamespace(macros=[]),
    )
    found = SimpleNamespace(
        metadata=SimpleNamespace(project_name="hiring"),
        nodes={"model": node("model", model), "hook": node("operation", hook)},
        macros={"macro.other.called": called},
    )
    return is_deterministic(cast("Any", found))


def test_a_project_that_asks_for_the_time_is_left_to_dbt() -> None:
    assert manifest("select {{ modules.re.escape('a') }}")
    assert not manifest("select '{{ run_started_at.date() }}'")
    assert not manifest("select {{ called() }}", "{{ modules.datetime.date.today() }}")
    assert not manifest("select {{ [1, 2] | random }}")
    assert not manifest("select {{ load_result('main').response }}")
    assert not manifest("select {{ last_load_id() - 5 }}")
    assert not manifest("select 1", hook="{{ grant_rights() }}")


# Builds after each load. One is built in three ways: left off in mid-transaction,
# played to its end, and, from what was there before, by dbt.
SCRIPT = """
import json, shutil, sqlite3, sys
from pathlib import Path
from api.builder.dbt import Dbt
from api.builder.judge import Judge
from api.builder.replay.builds import ReplayedBuilds
from api.builder.replay.recorder import open_connection
from api.config import Settings
from api.warehouse.engines import open_builder_store
from api.contract.files import Project
folder = Path(sys.argv[1])
TIMES = ("started_at", "finished_at", "seconds", "steps")
settings = Settings.from_env()
engine = open_builder_store(settings)
steps = []
played = ReplayedBuilds(engine, steps.append)
dbt = Dbt(settings, lambda *_: None, {}, played)
judge = Judge(engine, Project(settings.project_dir))

def execute(file, *statements):
    with sqlite3.connect(folder / file) as database:
        for sql in statements:
            database.execute(sql)
    database.close()

def enter(n, mode, rows, *statements, of="null"):
    entry = f"{n}, 'hired_employees', '{mode}', {of}, 'csv', {rows}, {rows}, 0"
    execute(
        "raw.db",
        "insert into loads (load_id, table_name, mode, of_load, source, received,"
        f" loaded, rejected, loaded_at) values ({entry}, '{at(n)}')",
        *statements,
    )

def at(n):
    return f"2021-01-{n:02}T00:00:00.000Z"

def load(n, rows=20):
    enter(
        n, "append", rows,
        f"insert into load_spans values ({n}, 'hired_employees', {n}, null)",
        "insert into hired_employees (_row, id, name, datetime, department_id, job_id)"
        " with recursive n (n) as (select 1 union all select n + 1 from n where n <"
        f" {rows}) select ({n} << 32) + n, n + {n} * 10, 'Ada', '{at(n)}', n % 3, 1"
        " from n",
    )

def build():
    steps.clear()
    ended = dbt.build(data_only=True)
    report = judge.own(ended.invocation_id, dbt.nodes(), dbt.known_to_pass, "")
    if report[0].status == "published":
        played.was_published()
    return {
        "status": report[0].status,
        "steps": [step for step in steps if step],
        "without_dbt": not any(ended.invocation_id == r.given["invocation_id"]
                               for r in played._recordings),
    }

def dump():
    known, found = {}, {}
    for name in ("main.db", "published.db"):
        database = sqlite3.connect(folder / name)
        runs = "select invocation_id, number from dbt_runs"
        known |= dict(database.execute(runs)) if name == "main.db" else {}
        tables = "select name from sqlite_master where type = 'table' order by name"
        for (table,) in database.execute(tables).fetchall():
            columns = database.execute(f"pragma table_info({table})").fetchall()
            kept = [c[1] for c in columns if c[1] not in TIMES]
            # Only dbt's own builds record the driver's message of a success.
            kept = [f"nullif({c}, 'OK')" if c == "message" else c for c in kept]
            rows = database.execute(f"select {', '.join(kept)} from {table}").fetchall()
            texts = list(map(str, rows))
            for run, number in known.items():
                texts = [text.replace(run, f"run {number}") for text in texts]
            found[table] = sorted(texts)
        database.close()
    return found

def save(to, source):
    for name in ("main.db", "published.db"):
        a, b = sqlite3.connect(source / name), sqlite3.connect(to / name)
        a.backup(b)
        a.close(), b.close()

assert dbt.parse().succeeded
assert dbt.build().succeeded
report = {"likes": []}
load(1, 200)
for n in range(2, 7):
    report["likes"].append(build())
    load(n)
before = folder / "before"
before.mkdir()
save(before, folder)
report["before"] = dump()
send, count = played._send, []
def broken(*arguments):
    count.append(1)
    if len(count) == 100:
        raise KeyboardInterrupt
    return send(*arguments)
played._send = broken
try:
    played.replay(open_connection)
except KeyboardInterrupt:
    report["broken"] = len(count)
report["after_break"] = dump()
played._send = send
report["played"], report["left_by_play"] = build(), dump()
scripts = list(played._scripts)
save(folder, before)
played._scripts.clear()
report["by_dbt"], report["left_by_dbt"] = build(), dump()
played._scripts.extend(scripts)
execute("main.db", "insert into dbt_lease values (1, 'other', 'a terminal',"
        " julianday('now') * 86400 + 3)")
load(7)
report["leased"] = build()
enter(8, "undo", 0, "update load_spans set until_id = 8 where load_id = 3", of=3)
report["undone"] = build()
load(9)
report["after_undo"] = build()
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def report(sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("played")
    warehouse = shutil.copytree(sample_warehouse, folder / "warehouse")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = [str(script), str(warehouse)]
    done = fork_server.run(command, CHECKOUT, environment(warehouse))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_third_load_that_is_alike_is_built_without_dbt(report: Any) -> None:
    assert {build["status"] for build in report["likes"]} == {"published"}
    assert [build["without_dbt"] for build in report["likes"]][-1]
    assert report["likes"][-1]["steps"][1] == "model.hiring.stg_departments"


def test_it_leaves_what_dbt_would_have_left(report: Any) -> None:
    ways = report["played"], report["by_dbt"]
    assert [way["without_dbt"] for way in ways] == [True, False]
    assert report["left_by_play"].keys() == report["left_by_dbt"].keys()
    for table, rows in report["left_by_dbt"].items():
        assert report["left_by_play"][table] == rows, table


def test_a_build_that_is_left_off_leaves_nothing(report: Any) -> None:
    assert report["broken"] == 100
    assert report["after_break"] == report["before"]


def test_what_is_not_alike_is_left_to_dbt(report: Any) -> None:
    """Another run's lease, loads that count no more; then it goes on as before."""
    for case in ("leased", "undone"):
        assert (report[case]["status"], report[case]["without_dbt"]) == (
            "published",
            False,
        )
    assert report["after_undo"]["without_dbt"]
