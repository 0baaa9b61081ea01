"""How marts are published on PostgreSQL, as far as HTTP does not show it: what a reader
with a snapshot sees, which tables stay, and what another dbt run may do meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.server import Server

    from engines.conftest import NewServer

if os.environ.get("DBT_TARGET") != "postgres":
    pytest.skip("the tests of one engine", allow_module_level=True)

psycopg2 = pytest.importorskip("psycopg2")

MARTS = ["departments_above_average", "quarterly_hires"]
LONG = "hires_of_everybody_by_year_and_also_by_department_and_job"
ANOTHER_RUN = """
{% macro another_run() %}
    {%- if execute -%}
        {%- do query("update main.dbt_model_states set invocation_id = 'another'
            where model = 'stg_jobs'") -%}
    {%- endif -%}
{% endmacro %}
"""


@pytest.fixture(scope="module")
def server(new_server: NewServer, own_project: Path) -> Server:
    """Never started: builds are one at a time, by command."""
    server = new_server(own_project)
    publish(server)
    return server


@pytest.fixture
def reader(server: Server) -> Iterator[Any]:
    """Reads all it reads as of its first question."""
    with closing(connect(server)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ")
        yield connection.cursor()


def connect(server: Server) -> Any:
    parts = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT"}
    parts |= {"user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    settings = {part: server.settings[name] for part, name in parts.items()}
    return psycopg2.connect(**settings)


def rows(server: Server, sql: str) -> list[tuple[Any, ...]]:
    with closing(connect(server)) as connection:
        return ask(connection.cursor(), sql)


def ask(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def publish(server: Server) -> None:
    done = server.command("build")
    assert done.returncode == 0, done.stdout + done.stderr


def named_tables(cursor: Any) -> dict[str, str]:
    """The table of each mart, as the catalogue names it."""
    found = ask(cursor, "select model, document from published.catalogue")
    return {model: json.loads(document)["table"] for model, document in found}


def published(server: Server, kind: str) -> set[str]:
    sql = f"select {kind}name from pg_{kind}s where schemaname = 'published'"
    return {name for (name,) in rows(server, sql)} - {"at_work", "builds", "catalogue"}


def test_a_snapshot_reads_the_tables_that_its_catalogue_names(
    server: Server, reader: Any
) -> None:
    tables = named_tables(reader)
    publish(server)
    assert sorted(tables) == MARTS
    for table in tables.values():
        assert ask(reader, f"select count(*) > 0 from published.{table}") == [(True,)]


def test_the_tables_of_two_builds_stay_and_those_that_are_read(
    server: Server, reader: Any
) -> None:
    tables = named_tables(reader)
    ask(reader, f"select count(*) from published.{tables['quarterly_hires']}")
    for _ in range(2):
        publish(server)
    stayed = published(server, "table")
    assert len(stayed) == 5
    assert stayed & set(tables.values()) == {tables["quarterly_hires"]}
    reader.connection.rollback()
    publish(server)
    assert len(published(server, "table")) == 4


def test_a_view_of_each_mart_shows_the_newest_table_also_with_other_columns(
    server: Server, own_project: Path
) -> None:
    name = "departments_above_average"
    before = rows(server, f"select * from published.{name} order by 1, 2")
    folder = own_project / "dbt_project/models/marts"
    kept = {path: path.read_text() for path in folder.glob(f"{name}.*")}
    sql, yml = (folder / f"{name}.{end}" for end in ("sql", "yml"))
    sql.write_text(kept[sql].replace(" as mean\n", " as mean,\n        'x' as extra\n"))
    columns, tests = kept[yml].split("\nunit_tests:")
    extra = "      - {name: extra, data_type: text, description: More.}\n"
    yml.write_text(f"{columns}{extra}")
    publish(server)
    after = rows(server, f"select * from published.{name} order by 1, 2")
    assert after == [(*row, "x") for row in before]
    sql.unlink()
    yml.unlink()
    publish(server)
    assert published(server, "view") == {"quarterly_hires"}
    for path, text in kept.items():
        path.write_text(text)
    publish(server)
    assert rows(server, f"select * from published.{name} order by 1, 2") == before


def test_a_model_rebuilt_between_the_tests_and_the_publish_is_refused(
    server: Server, own_project: Path
) -> None:
    """A hook plays the other run, between the tests of this one and its publish."""
    macro = own_project / "dbt_project/macros/another_run.sql"
    settings = own_project / "dbt_project.yml"
    text = settings.read_text()
    macro.write_text(ANOTHER_RUN)
    hooks = 'on-run-end:\n  - "{{ another_run() }}"\n  - "'
    settings.write_text(text.replace('on-run-end: "', hooks))
    before = published(server, "table")
    done = server.command("build")
    macro.unlink()
    settings.write_text(text)
    assert done.returncode != 0
    assert "Not published: another dbt run has rebuilt a model" in done.stdout
    assert published(server, "table") == before
    publish(server)


def test_names_that_postgresql_would_cut_are_told_apart(
    server: Server, own_project: Path, reader: Any
) -> None:
    folder = own_project / "dbt_project/models/marts"
    years = {f"{LONG}_{year}": year for year in (2021, 2022)}
    for name, year in years.items():
        (folder / f"{name}.sql").write_text(f"select {year} as year\n")
        (folder / f"{name}.yml").write_text(
            f"models:\n  - name: {name}\n    description: Long. One row.\n"
            "    config: {meta: {title: Long}}\n    columns:\n"
            "      - {name: year, data_type: integer, description: A year.}\n"
        )
    publish(server)
    tables = named_tables(reader)
    for name, year in years.items():
        assert rows(server, f"select * from published.{name}") == [(year,)]
        assert rows(server, f"select * from published.{tables[name]}") == [(year,)]
        for end in ("sql", "yml"):
            (folder / f"{name}.{end}").unlink()
    publish(server)
