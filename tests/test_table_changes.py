"""Upload tables that change while they hold rows: nothing is lost, nothing reread."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import fork_server
from support.client import open_client
from support.inspection import judge
from support.server import Server, environment, run_command, run_dbt, wait_until

from api.config import CHECKOUT, Settings
from api.contract import Column, Table
from api.errors import ContractError
from api.loading import load_csv
from api.warehouse.engines.sqlite.database import Connection
from api.warehouse.unaccepted import unaccepted_values
from api.warehouse.warehouse import Warehouse, open_warehouse

ID = Column("id", "integer", "A number.", required=True)
KIND = Column("kind", "text", "A kind.", required=True)
NOTE = Column("note", "text", "A note.")
PLACES = Table("places", "Places.", (ID, KIND, NOTE), ("id",))
ROWS = b"1,office,big\n2,depot,\n"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse with two rows of PLACES, of which one has no note."""
    warehouse = open_warehouse(Settings(warehouse_dir=tmp_path))
    warehouse.raw.prepare([PLACES])
    load_csv(warehouse.raw, PLACES, io.BytesIO(ROWS))
    yield warehouse
    warehouse.close()


def test_stored_rows_that_accepted_values_leave_out_are_told(
    opened: Warehouse,
) -> None:
    tightened = with_columns(ID, replace(KIND, accepted_values=("office",)), NOTE)
    (told,) = unaccepted_values(opened.raw, [tightened])
    assert "column kind: accepted_values leave out what stored rows have" in told
    assert "'depot' (1)" in told
    widened = with_columns(ID, replace(KIND, accepted_values=("office", "depot")), NOTE)
    new = replace(tightened, name="not_there_yet")
    assert [*unaccepted_values(opened.raw, [widened, new])] == []


def with_columns(*columns: Column) -> Table:
    return replace(PLACES, columns=columns)


def stored(warehouse: Warehouse) -> list[dict[str, Any]]:
    # A connection of its own: one that knew the table before it was changed is told its
    # old columns by the driver.
    with closing(Connection(warehouse.engine.raw.path)) as connection:
        rows = connection.rows("select * from places order by id")
    return [{k: v for k, v in row.items() if k != "_row"} for row in rows]


def load(warehouse: Warehouse, table: Table, content: bytes) -> None:
    load_csv(warehouse.raw, table, io.BytesIO(content))


SIZE = Column("size", "real", "A size.")


def test_a_new_optional_column_is_added_and_old_rows_have_no_value(
    opened: Warehouse,
) -> None:
    wider = with_columns(ID, KIND, NOTE, SIZE)
    opened.raw.prepare([wider])
    load(opened, wider, b"id,size,kind\n3,1.5,shop\n")
    assert [(row["id"], row["size"]) for row in stored(opened)] == [
        (1, None),
        (2, None),
        (3, 1.5),
    ]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (
            (ID, KIND, NOTE, replace(SIZE, required=True)),
            "column size is new and not_null, but 2 stored rows have no value",
        ),
        ((ID, NOTE), "column kind is gone, but 2 stored rows have a value in it"),
        ((ID, KIND), "column note is gone, but 1 stored rows have a value in it"),
        (
            (ID, KIND, replace(NOTE, data_type="integer")),
            "column note: its data_type was text, and 1 stored values are not integer",
        ),
        (
            (replace(ID, data_type="text"), KIND, NOTE),
            "column id: its data_type was integer, and 2 stored values",
        ),
        (
            (ID, KIND, replace(NOTE, required=True)),
            "column note is not_null now, but 1 stored rows have no value in it",
        ),
        (
            (ID, replace(KIND, name="sort"), NOTE),
            "column sort is new and not_null",
        ),
    ],
)
def test_a_change_that_stored_rows_do_not_allow_is_refused(
    opened: Warehouse, columns: tuple[Column, ...], why: str
) -> None:
    before = stored(opened)
    changed = replace(with_columns(*columns), file="staging/_sources.yml")
    with pytest.raises(ContractError) as caught:
        opened.raw.prepare([changed])
    told = caught.value.defects
    assert any(why in defect for defect in told), told
    assert all(c.startswith("staging/_sources.yml: table places") for c in told)
    assert list(opened.raw.refusals([changed])) == list(told)
    assert stored(opened) == before
    assert opened.raw.declared_tables() == [PLACES], "what held before still holds"
    load(opened, PLACES, b"3,shop,\n")


def test_another_key_is_refused_while_there_are_rows(opened: Warehouse) -> None:
    changed = replace(PLACES, primary_key=("id", "kind"))
    with pytest.raises(ContractError, match="the primary_key was id, and 2 rows"):
        opened.raw.prepare([changed])


@pytest.mark.parametrize(
    "columns",
    [
        (ID, replace(KIND, required=False), NOTE),
        (NOTE, KIND, ID),
        (ID, replace(KIND, description="Other words."), NOTE),
        (ID, replace(KIND, accepted_values=("office", "depot")), NOTE),
        (ID, replace(KIND, required=False), NOTE, SIZE),
    ],
    ids=["optional", "another order", "words", "accepted values", "two at once"],
)
def test_a_change_that_loses_nothing_is_made(
    opened: Warehouse, columns: tuple[Column, ...]
) -> None:
    before = stored(opened)
    changed = with_columns(*columns)
    opened.raw.prepare([changed])
    kept = [{name: row[name] for name in before[0]} for row in stored(opened)]
    assert kept == before
    assert opened.raw.declared_tables() == [changed]
    load(opened, changed, b"id,kind,note\n7,depot,x\n")
    assert len(stored(opened)) == 3


def test_a_column_that_became_optional_takes_rows_without_it(opened: Warehouse) -> None:
    changed = with_columns(ID, replace(KIND, required=False), NOTE)
    opened.raw.prepare([changed])
    load(opened, changed, b"8,,\n")
    assert stored(opened)[-1]["kind"] is None


def test_without_rows_everything_may_change(tmp_path: Path) -> None:
    warehouse = open_warehouse(Settings(warehouse_dir=tmp_path))
    warehouse.raw.prepare([PLACES])
    other = replace(
        with_columns(replace(ID, data_type="text"), replace(SIZE, required=True)),
        primary_key=("id", "size"),
    )
    warehouse.raw.prepare([other])
    load(warehouse, other, b"a,1.5\n")
    assert stored(warehouse) == [{"id": "a", "size": 1.5, "_load_id": 1}]
    warehouse.close()


def test_a_column_that_never_held_anything_may_go_or_become_another(
    opened: Warehouse,
) -> None:
    opened.raw.prepare([with_columns(ID, KIND, NOTE, SIZE)])
    opened.raw.prepare([with_columns(ID, KIND, NOTE, replace(SIZE, data_type="date"))])
    opened.raw.prepare([PLACES])
    assert list(stored(opened)[0]) == ["id", "kind", "note", "_load_id"]


def test_a_table_that_is_gone_keeps_its_rows_and_comes_back(opened: Warehouse) -> None:
    opened.raw.prepare([])
    assert opened.raw.declared_tables() == []
    assert len(stored(opened)) == 2
    with pytest.raises(ContractError, match="column note is gone"):
        opened.raw.prepare([with_columns(ID, KIND)])
    opened.raw.prepare([PLACES])
    load(opened, PLACES, b"3,shop,\n")
    assert len(stored(opened)) == 3


def test_all_tables_change_or_none(opened: Warehouse) -> None:
    new = Table("zones", "Zones.", (ID,), ("id",))
    with pytest.raises(ContractError):
        opened.raw.prepare([new, with_columns(ID, KIND)])
    with opened.raw._database.connection() as connection:
        assert not connection.rows("select 1 from sqlite_master where name = 'zones'")


# What the version before this wrote.
OLD = """
import sqlite3, sys
raw = sqlite3.connect(sys.argv[1])
raw.executescript('''
    create table loads (
        load_id integer primary key, table_name text not null,
        mode text not null check (mode in ('append')),
        source text not null check (source in ('csv', 'batch')),
        file_name text, sha256 text, received integer not null,
        loaded integer not null, rejected integer not null, loaded_at text not null,
        check (received = loaded + rejected)
    ) strict;
    create table places (
        id integer not null, kind text not null, note text, _load_id integer not null
    ) strict;
    insert into loads values
        (1, 'places', 'append', 'csv', 'p.csv', 'x', 2, 2, 0, '2021-01-01T00:00:00Z');
    insert into places values (1, 'office', 'big', 1), (2, 'depot', null, 1);
''')
"""


def test_a_warehouse_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    raw = tmp_path / "raw.db"
    subprocess.run([sys.executable, "-c", OLD, str(raw)], check=True)
    warehouse = open_warehouse(Settings(warehouse_dir=tmp_path))
    with pytest.raises(ContractError, match="column kind is gone"):
        warehouse.raw.prepare([with_columns(ID, NOTE)])
    warehouse.raw.prepare([with_columns(ID, replace(KIND, required=False), NOTE, SIZE)])
    assert [row["note"] for row in stored(warehouse)] == ["big", None]
    assert warehouse.raw.load(1).header is None
    load(warehouse, with_columns(ID, KIND, NOTE, SIZE), b"3,shop,,2\n")
    assert warehouse.raw.load(2).loaded == 1
    warehouse.close()


PREPARE = """
import sys
from pathlib import Path
from api.config import Settings
from api.contract.files import Project
from api.warehouse.warehouse import open_warehouse
settings = Settings.from_env()
tables = Project(settings.project_dir).contract().tables.values()
open_warehouse(settings).raw.prepare(tables)
"""


def test_processes_that_come_at_once_agree(tmp_path: Path) -> None:
    script = tmp_path / "prepare.py"
    script.write_text(PREPARE)
    variables = environment(tmp_path / "warehouse")
    with ThreadPoolExecutor(4) as pool:
        ended = pool.map(
            lambda _: fork_server.run([str(script)], CHECKOUT, variables), range(4)
        )
        assert [(done.returncode, done.stderr) for done in ended] == [(0, "")] * 4


LOCATIONS = """
      - name: locations
        description: Where people work. One row per location.
        config:
          meta:
            primary_key: [id]
        columns:
          - {name: id, data_type: integer, description: Its., data_tests: [not_null]}
          - {name: city, data_type: text, description: A city., data_tests: [not_null]}
"""
FLOORS = "          - {name: floors, data_type: integer, description: Its storeys.}\n"
STAGING = """
with

landed as (
    {{ newest_rows(source('raw', 'locations'), unique_key='id') }}
),

final as (
    select id as location_id, city
    from landed
)

select * from final
"""
STAGING_YAML = """
models:
  - name: stg_locations
    description: Locations as last uploaded. One row per location.
    columns:
      - {name: location_id, data_type: integer, description: A number.}
      - {name: city, data_type: text, description: A city.}
"""
MART = (
    "select city, count(*) as locations from {{ ref('stg_locations') }} group by city"
)
MART_YAML = """
models:
  - name: cities
    description: Locations counted by city. One row per city.
    config:
      meta:
        title: Locations by city
        order_by: [-locations, city]
        chart:
          mark: bar
          encoding:
            x: {field: locations}
            y: {field: city, sort: -x}
    columns:
      - {name: city, data_type: text, description: A city.}
      - {name: locations, data_type: integer, description: How many.}
"""


def write(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project / "dbt_project/models" / name).write_text(text)


def add_locations(project: Path) -> None:
    sources = project / "dbt_project/models/staging/_sources.yml"
    sources.write_text(sources.read_text() + LOCATIONS)
    write(
        project,
        {
            "staging/stg_locations.sql": STAGING,
            "staging/stg_locations.yml": STAGING_YAML,
            "marts/cities.sql": MART,
            "marts/cities.yml": MART_YAML,
        },
    )


def failures(server: Server) -> str:
    (newest,) = server.get("/builds?limit=1").json()
    return " ".join(failure["message"] for failure in newest["failures"])


@pytest.fixture
def live(warehouse: Path, project: Path) -> Iterator[Server]:
    server = Server(warehouse, project).start()
    yield server
    server.stop()


def test_a_table_and_a_metric_come_change_and_go_while_the_server_runs(
    live: Server,
) -> None:
    """One story, since each of its changes has dbt read the project again."""
    server, project = live, live.project
    page = server.warehouse / "lineage.html"
    assert "stg_locations" not in page.read_text()
    add_locations(project)
    wait_until(lambda: server.get("/metrics/cities").status_code == 200)
    assert server.rows("cities") == []
    wait_until(lambda: "stg_locations" in page.read_text())
    assert server.upload("locations", b"1,Lima\n2,Lima\n3,Oslo\n").status_code == 201
    assert server.rows("cities", locations__gte=2) == [{"city": "Lima", "locations": 2}]
    assert b"Oslo" in server.get("/metrics/cities?format=svg").content
    paths = server.get("/openapi.json").json()["paths"]
    assert "/metrics/cities" in paths

    sources = project / "dbt_project/models/staging/_sources.yml"
    narrow = sources.read_text()
    sources.write_text(narrow + FLOORS)
    wait_until(lambda: len(server.get("/tables/locations").json()["columns"]) == 3)
    answer = server.upload("locations", b"id,city,floors\n4,Rome,7\n5,Rome,\n")
    assert (answer.status_code, answer.json()["loaded"]) == (201, 2)
    assert {row["city"]: row["locations"] for row in server.rows("cities")} == {
        "Lima": 2,
        "Rome": 2,
        "Oslo": 1,
    }
    before = server.rows("cities")

    # Broken in its SQL: the page of the lineage stays, too. It is looked at further
    # below, since it would be made some time after the build.
    wait_until(lambda: "Its storeys." in page.read_text())
    shown = page.read_bytes()
    write(project, {"marts/cities.sql": "select nothing"})
    wait_until(lambda: 'near "nothing"' in failures(server))
    assert server.rows("cities") == before

    # Broken in its contract.
    sources.write_text(narrow)
    wait_until(lambda: "column floors is gone" in failures(server))
    assert "put it back" in failures(server)
    assert server.rows("cities") == before
    told = server.command("check")
    assert told.returncode == 1 and "1 stored rows have a value" in told.stderr
    answer = server.upload("locations", b"id,city,floors\n6,Bern,1\n", "respond-async")
    assert answer.json()["loaded"] == 1, "uploads go by the contract as it was"
    server.stop()
    assert page.read_bytes() == shown

    server.start()
    assert server.rows("cities") == before, "broken, and yet it serves what was good"
    assert len(server.get("/tables/locations").json()["columns"]) == 3
    (project / "dbt_project/models/marts/cities.sql").unlink()
    (project / "dbt_project/models/marts/cities.yml").unlink()
    sources.write_text(narrow + FLOORS)
    wait_until(lambda: server.get("/metrics/cities").status_code == 404)
    assert server.get("/metrics/departments_above_average").status_code == 200


def test_a_broken_contract_without_one_of_before_starts_no_server(
    tmp_path: Path, project: Path
) -> None:
    sources = project / "dbt_project/models/staging/_sources.yml"
    sources.write_text("sorces: []\n")
    done = run_command(tmp_path / "new", "serve", project=project)
    assert done.returncode == 1
    assert "did you mean 'sources'?" in done.stderr


def test_a_build_from_a_terminal_needs_no_raw_table_yet(
    tmp_path: Path, project: Path
) -> None:
    add_locations(project)
    done = run_dbt(tmp_path / "warehouse", "build", "--quiet", project=project)
    assert done.returncode == 0, done.stdout
    judge(tmp_path / "warehouse", project)
    with open_client(tmp_path / "warehouse") as client:
        assert client.get("/metrics/cities").json == []
