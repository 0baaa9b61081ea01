"""What dbt's own documentation shows, on an engine: seeds with codes, unit tests of
computed columns, snapshots, dates that mean the same on each, and models that go."""

from __future__ import annotations

import calendar
import csv
import hashlib
import io
import random
import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.server import Server, wait_until

from engines.backends import Backend
from engines.conftest import NewServer

MARTS = "dbt_project/models/marts"
PARTS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
DATES = ("year", "quarter", "month", "week")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}

SIZES = """
with

divisions as (
    select * from {{ ref('divisions') }}
),

final as (
    select
        code,
        case when code = '01' then 'large' else 'small' end as size,
        case when code = '01' then '2022-01-01' end as since,
        code = '01' as is_large,
        1 / cast(2 as {{ storage_type('real') }}) as half
    from divisions
)

select * from final
"""
UNIT_TESTS = """
unit_tests:
  - name: sizes_as_written
    model: sizes
    given:
      - {input: ref('divisions'), rows: [{code: '01'}, {code: '02'}]}
    expect:
      rows:
        - {code: '01', size: large, since: 2022-01-01, is_large: true, half: 0.5}
        - {code: '02', size: small, since: null, is_large: false, half: 0.5}
  - name: sizes_as_csv
    model: sizes
    given:
      - {input: ref('divisions'), format: csv, rows: "code\\n01"}
    expect:
      format: csv
      rows: |
        code,size,since,is_large,half
        01,large,2022-01-01,true,0.5
"""
SEEDS = """
seeds:
  - name: divisions
    columns: [{name: code, data_type: text}]
  - name: moments
    columns:
      - {name: moment, data_type: timestamp}
      - {name: other, data_type: timestamp}
"""
SNAPSHOTS = """
snapshots:
  - name: departments_seen
    relation: ref('stg_departments')
    config:
      unique_key: department_id
      strategy: check
      check_cols: [department]
      hard_deletes: invalidate
  - name: hires_seen
    relation: ref('stg_hired_employees')
    config: {unique_key: employee_id, strategy: timestamp, updated_at: hired_at}
"""
SPINE = """
with

days as (
    {{ dbt.date_spine('day', "'2024-02-27'", "'2024-03-02'") }}
)

select
    date_day as day,
    {{ utc_today() }} as today
from days
"""
MEDIANS = """
with

given as (
    select
        id % 12 as part,
        case when id % 5 = 0 or id % 12 = 3 then null else number end as number
    from {{ ref('moments') }}
),

no_rows as (
    select * from given
    where part < 0
),

final as (
    select part, median
    from {{ median_of('given', 'number', by=['part']) }} as medians
    union all
    select -1 as part, median
    from {{ median_of(ref('moments'), 'number / 2.0') }} as medians
    union all
    select -2 as part, median
    from {{ median_of('no_rows', 'number') }} as medians
)

select * from final
"""
VERSIONS = """
select
    department_id as id,
    department,
    dbt_valid_from as valid_from,
    dbt_valid_to as valid_to
from {{ ref('departments_seen') }}
"""


def mart(project: Path, name: str, sql: str, more: str = "", **types: str) -> None:
    columns = "".join(
        f"      - {{name: {column}, data_type: {data_type}, description: One.}}\n"
        for column, data_type in types.items()
    )
    yaml = (
        f"models:\n  - name: {name}\n    description: Some rows.\n"
        f"    config: {{meta: {{title: {name}}}}}\n    columns:\n{columns}{more}"
    )
    (project / MARTS / f"{name}.sql").write_text(sql)
    (project / MARTS / f"{name}.yml").write_text(yaml)


def moments() -> list[dict[str, Any]]:
    """Dates and timestamps at random, and where months end."""
    picked = random.Random(19)
    ends = ["2024-02-29", "2023-01-31", "2000-02-29T23:59:59Z", "1900-03-01"]
    found = []
    for _ in range(200):
        texts = []
        for _ in "ab":
            day = date(1900, 1, 1) + timedelta(days=picked.randrange(73_000))
            clock = timedelta(seconds=picked.randrange(86_400))
            at = datetime(day.year, day.month, day.day) + clock
            shown = [f"{day}", f"{at.isoformat()}Z", picked.choice(ends)]
            texts.append(picked.choice(shown))
        found.append({"moment": texts[0], "other": texts[1]})
    numbers = [picked.randrange(-500, 500) for _ in found]
    return [
        {"id": id, **row, "number": number}
        for id, (row, number) in enumerate(zip(found, numbers, strict=True))
    ]


def csv_of(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def moments_sql() -> tuple[str, dict[str, str]]:
    columns = ["id", "{{ dbt.hash('moment') }} as hashed"]
    types = {"id": "integer", "hashed": "text"}
    for part in PARTS:
        for name, call, data_type in (
            (f"added_{part}", f"dateadd('{part}', 'number', 'moment')", "text"),
            (f"begun_{part}", f"date_trunc('{part}', 'moment')", "text"),
            (f"between_{part}", f"datediff('moment', 'other', '{part}')", "integer"),
        ):
            columns.append(f"{{{{ dbt.{call} }}}} as {name}")
            types[name] = data_type
    for part in DATES:
        columns.append(f"{{{{ dbt.last_day('moment', '{part}') }}}} as last_of_{part}")
        types[f"last_of_{part}"] = "date"
    select = ",\n    ".join(columns)
    return f"select\n    {select}\nfrom {{{{ ref('moments') }}}}", types


@pytest.fixture(scope="module")
def server(
    engine: Backend, new_server: NewServer, own_project: Path
) -> Iterator[Server]:
    project = own_project
    (project / "seeds/divisions.csv").write_text("code\n01\n02\n")
    (project / "seeds/moments.csv").write_text(csv_of(moments()))
    (project / "seeds/own.yml").write_text(SEEDS)
    shape = {"code": "text", "size": "text", "since": "date"}
    mart(
        project,
        "sizes",
        SIZES,
        UNIT_TESTS,
        **shape,
        is_large="boolean",
        half="real",
    )
    sql, types = moments_sql()
    mart(project, "computed", sql, **types)
    mart(project, "days", SPINE, day="date", today="date")
    mart(project, "short_lived", "select 1 as n", n="integer")
    mart(project, "medians", MEDIANS, part="integer", median="real")
    if engine.name != "spark":
        (project / "snapshots").mkdir()
        (project / "snapshots/own.yml").write_text(SNAPSHOTS)
        columns = {"valid_from": "timestamp", "valid_to": "timestamp"}
        text = {"id": "integer", "department": "text"}
        mart(project, "versions", VERSIONS, **text, **columns)
    server = new_server(project).start()
    # It serves the sample while it builds that.
    wait_until(lambda: "sizes" in newest(server)["metrics"] + failed(server))
    assert newest(server)["failures"] == []
    yield server


def newest(server: Server) -> dict[str, Any]:
    build: dict[str, Any] = server.get("/builds", params={"limit": 1}).json()[0]
    return build


def failed(server: Server) -> list[str]:
    return ["sizes"] if newest(server)["status"] == "failed" else []


def published(server: Server) -> int:
    build = newest(server)
    return int(build["build_id"]) if build["status"] == "published" else 0


def test_a_unit_test_of_computed_columns_passes_as_it_is_written(
    server: Server,
) -> None:
    assert [row["size"] for row in server.rows("sizes")] == ["large", "small"]
    (sizes,) = (m for m in server.get("/metrics").json() if m["name"] == "sizes")
    passed = {test["name"] for test in sizes["tests"] if test["status"] == "pass"}
    assert passed >= {"sizes_as_written", "sizes_as_csv"}


def test_dates_are_what_python_makes_of_them(server: Server) -> None:
    found = {row["id"]: row for row in server.rows("computed", limit=1000)}
    assert len(found) == 200
    for given in moments():
        expected = {"id": given["id"]}
        moment, other = given["moment"], given["other"]
        for part in PARTS:
            expected[f"added_{part}"] = added(moment, part, given["number"])
            expected[f"begun_{part}"] = begun(moment, part)
            expected[f"between_{part}"] = number(other, part) - number(moment, part)
        expected["hashed"] = hashlib.md5(moment.encode()).hexdigest()
        for part in DATES:
            first = begun(moment, part)
            expected[f"last_of_{part}"] = added(added(first, part, 1), "day", -1)
        assert found[given["id"]] == expected, given


def parsed(moment: str) -> datetime:
    return datetime.fromisoformat(moment.removesuffix("Z"))


def shown(moment: datetime, is_date: bool) -> str:
    return f"{moment:%Y-%m-%d}" if is_date else f"{moment.isoformat()}Z"


def added(text: str, part: str, count: int) -> str:
    moment, is_date = parsed(text), len(text) == 10
    if part in SECONDS:
        moment += timedelta(seconds=count * SECONDS[part])
        return shown(moment, is_date and part in ("day", "week"))
    years, month = divmod(moment.month - 1 + count * MONTHS[part], 12)
    year = moment.year + years
    last = calendar.monthrange(year, month + 1)[1]
    at = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return shown(at, is_date)


def begun(text: str, part: str) -> str:
    moment = parsed(text)
    clock = {"hour": 1, "minute": 2, "second": 3}.get(part, 0)
    parts = [moment.hour, moment.minute, moment.second][:clock]
    if part == "week":
        moment -= timedelta(days=moment.weekday())
    month = {"year": 1, "quarter": (moment.month - 1) // 3 * 3 + 1}
    day = 1 if part in MONTHS else moment.day
    first = datetime(moment.year, month.get(part, moment.month), day, *parts)
    return shown(first, clock == 0)


def number(text: str, part: str) -> int:
    """Of a year, quarter, ... in its order."""
    moment = parsed(text)
    if part in MONTHS:
        return (moment.year * 12 + moment.month - 1) // MONTHS[part]
    since = moment - datetime(1, 1, 1)
    return int(since.total_seconds()) // SECONDS[part]


def test_a_spine_has_every_day_up_to_its_end(server: Server) -> None:
    rows = server.rows("days")
    spring = ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]
    assert sorted(row["day"] for row in rows) == spring
    now = datetime.now(UTC).date()
    assert {row["today"] for row in rows} <= {f"{now}", f"{now - timedelta(days=1)}"}


def test_a_median_is_what_python_makes_of_the_values(server: Server) -> None:
    """Of as many as there are, even or odd; of none it is null."""
    rows = moments()
    expected: dict[int, float | None] = {
        -1: statistics.median(row["number"] / 2 for row in rows),
        -2: None,
        3: None,
    }
    counts = set()
    for part in {*range(12)} - {3}:
        values = [r["number"] for r in rows if r["id"] % 12 == part and r["id"] % 5]
        expected[part] = statistics.median(values)
        counts.add(len(values) % 2)
    assert counts == {0, 1}
    found = {row["part"]: row["median"] for row in server.rows("medians")}
    assert found == expected


@pytest.fixture(scope="module")
def changed(engine: Backend, server: Server) -> Server:
    """After one change: a seed has another header, a model is gone, a table came."""
    before, project = published(server), server.project
    if engine.name != "spark":
        assert "short_lived" in engine.tables(server.warehouse)
        engine.add_table(server.warehouse, "mine")
    for path in project.rglob("short_lived.*"):
        path.unlink()
    (project / "seeds/divisions.csv").write_text("code,head\n01,Ann\n07,\n")
    sql = "select code, head from {{ ref('divisions') }}"
    mart(project, "heads", sql, code="text", head="text")
    wait_until(lambda: published(server) > before)
    return server


def test_a_seed_whose_header_changes_is_made_anew(changed: Server) -> None:
    found = {row["code"]: row["head"] for row in changed.rows("heads")}
    assert found == {"01": "Ann", "07": None}


def test_tables_of_deleted_models_go_and_nobody_elses(
    engine: Backend, changed: Server
) -> None:
    if engine.name == "spark":
        pytest.skip("of those that a run has built the next one keeps what it needs")
    assert changed.get("/metrics/short_lived").status_code == 404
    # After publishing, of which readers hear at once.
    wait_until(lambda: "short_lived" not in engine.tables(changed.warehouse))
    there = {"mine", "days", "heads", "divisions", "stg_jobs", "jobs", "dbt_runs"}
    assert there <= engine.tables(changed.warehouse)


def test_a_snapshot_keeps_what_was_corrected_and_what_went(
    engine: Backend, server: Server
) -> None:
    if engine.name == "spark":
        pytest.skip("Parquet has no snapshots")
    answer = server.batch("departments", [[1, "Sales"], [2, "Legal"]])
    assert answer.json()["build"]["status"] == "published", answer.json()
    answer = server.batch("departments", [[1, "Trade"]])
    open_now = [r for r in server.rows("versions", limit=500) if r["valid_to"] is None]
    assert {(row["id"], row["department"]) for row in open_now} == {
        (1, "Trade"),
        (2, "Legal"),
    }
    assert server.delete(f"/loads/{answer.json()['load_id']}").status_code == 201
    rows = [row for row in server.rows("versions", limit=500) if row["id"] == 1]
    closed = {row["department"] for row in rows if row["valid_to"] is not None}
    assert closed >= {"Sales", "Trade"}
    (now,) = (row for row in rows if row["valid_to"] is None)
    assert (now["department"], len(now["valid_from"])) == ("Sales", 20)
