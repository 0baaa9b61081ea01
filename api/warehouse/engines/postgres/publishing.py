"""Publishing marts in the schema published.

A reader's transaction sees the catalogue of tables as it is now but rows as of its
snapshot: of a table that was dropped and created again under the same name it would
read no rows. So each build publishes tables of its own, which never change; the
documents name them, and the tables of the build before stay for their readers. A view
of each mart's own name is for SQL tools.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from api.contract.data_types import DATE, TIMESTAMP
from api.warehouse.engines.misfits import LARGEST, Condition
from api.warehouse.engines.names import quoted
from api.warehouse.engines.postgres.schema import TEXT, Dialect
from api.warehouse.engines.publishing import PublishingInSql
from api.warehouse.engines.server_store import Row
from api.warehouse.schema import Run

BUILDS = f"""
create table published.builds (
    build_id bigint generated always as identity primary key,
    invocation_id text not null unique,
    owner text not null,
    status text not null check (status in ('published', 'not_published', 'failed')),
    outcome text not null,
    settles bigint not null,
    started_at {TEXT} not null,
    finished_at {TEXT} not null,
    last_load_id bigint not null,
    last_request_id bigint not null,
    project_digest text not null,
    steps text not null,
    failures text not null,
    marts text not null,
    project text default 'null'
)
"""
# The records of earlier versions are kept; the first ones have no digest.
TO_BUILDS = """
alter table published.builds
    drop constraint builds_status_check,
    add constraint builds_status_check
        check (status in ('published', 'not_published', 'failed')),
    add column owner text not null default 'the builder',
    add column outcome text not null default '',
    add column settles bigint not null default 1,
    add column if not exists project_digest text not null default ''
"""
TO_PROJECTS = "alter table published.builds add column project text default 'null'"
CATALOGUE = f"""
create table if not exists published.catalogue (
    model {TEXT} primary key,
    document {TEXT}
)
"""
HAS_RUNS = "select 1 as found where to_regclass('main.dbt_results') is not null"
COLUMN = (
    "select 1 as found from pg_attribute"
    " where attrelid = to_regclass('published.builds') and attname = ?"
)
# A table in use is left for the next build: publishing waits for no reader.
PUBLISHED = """
select relname as name, case relkind when 'v' then 'view' else 'table' end as kind
from pg_class
where relnamespace = to_regnamespace('published')
    and relkind in ('r', 'v')
    and relname not in ('at_work', 'builds', 'catalogue')
    and not exists (select 1 from pg_locks where relation = pg_class.oid)
order by kind desc, relname
"""
KINDS = (
    "select case relkind when 'v' then 'view' else 'table' end as kind from pg_class"
    " where relnamespace = to_regnamespace('main') and relname = ?"
    " and relkind in ('r', 'v')"
)
SHAPE = (
    "(select array_agg((attname, atttypid) order by attnum) from pg_attribute"
    " where attnum > 0 and attrelid = to_regclass(?))"
)
# PostgreSQL cuts longer names, which would make two of them one.
MOST_BYTES = 63


def bring_up_to_date(run: Run) -> None:
    """Create the tables of builds and documents, unless they exist."""
    if run(COLUMN, ["project"]):
        return
    run("begin", ())
    if not run(COLUMN, ["build_id"]):
        run(BUILDS, ())
    else:
        if not run(COLUMN, ["outcome"]):
            run(TO_BUILDS, ())
        run(TO_PROJECTS, ())
    run(CATALOGUE, ())
    run("commit", ())


# NaN is larger than every number.
UNFIT = {
    "real": Condition(f"abs({{0}}) > {LARGEST}"),
    "date": Condition("{0} !~ ?", [DATE]),
    "timestamp": Condition("{0} !~ ?", [TIMESTAMP]),
}


class PostgresPublishing(PublishingInSql):
    """Publishes a table for each build, and locks what it reads."""

    dialect = Dialect()
    unfit = UNFIT

    def states(self, marts: Sequence[str]) -> dict[str, tuple[str, int]]:
        """A run that rebuilds a model waits for its state from now on.

        First the marts, then the states: a model's transaction locks in that order.
        """
        names = [f"main.{quoted(mart)}" for mart in marts]
        there = "select 1 as found where to_regclass(?) is not null"
        if not all(self._run(there, [name]) for name in names):
            return {}
        if names:
            self._run(f"lock table {', '.join(names)} in access share mode", ())
        self._run("lock table main.dbt_model_states in share mode", ())
        return super().states(marts)

    def _put(
        self, documents: Mapping[str, Row], invocation_id: str
    ) -> Mapping[str, str]:
        known = {document["table"] for document in self.documents().values()}
        for row in self._run(PUBLISHED, ()):
            name, kind = row["name"], row["kind"]
            if name not in (documents if kind == "view" else known):
                self._run(f"drop {kind} published.{quoted(name)}", ())
        self._run("delete from published.catalogue", ())
        tables = {name: _table_of(name, invocation_id) for name in documents}
        for name, document in documents.items():
            table = tables[name]
            self._copy(name, table, document["contract"]["columns"])
            self._show_as_view(name, table)
            self._list(name, {**document, "table": table})
        return tables

    def _copy(self, mart: str, table: str, columns: list[Row]) -> None:
        names = ", ".join(quoted(column["name"]) for column in columns)
        to = f"published.{quoted(table)}"
        self._run(f"create table {to} ({self._shape(columns)})", ())
        self._run(f"insert into {to} select {names} from main.{quoted(mart)}", ())

    def _show_as_view(self, mart: str, table: str) -> None:
        """A view is replaced in place as long as its columns stay the same."""
        view, of = f"published.{quoted(mart)}", f"published.{quoted(table)}"
        if not self._run(f"select 1 as found where {SHAPE} = {SHAPE}", [view, of]):
            self._run(f"drop view if exists {view}", ())
        self._run(f"create or replace view {view} as select * from {of}", ())


def _table_of(mart: str, invocation_id: str) -> str:
    """The table of one build; a long name is replaced by its digest."""
    run = f"__{invocation_id[:8]}"
    if len(mart.encode()) + len(run) > MOST_BYTES:
        mart = hashlib.sha256(mart.encode()).hexdigest()[:32]
    return mart + run
