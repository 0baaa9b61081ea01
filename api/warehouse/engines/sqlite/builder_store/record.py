"""The record of builds in published.db, beside main.db.

Through `sqlite3`, like dbt in the same process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from api.warehouse.engines.record import Record
from api.warehouse.engines.sqlite.builder_store.database import opened, transaction
from api.warehouse.schema import Run

BUILDS = """
create table published.builds (
    build_id integer primary key autoincrement,
    invocation_id text not null unique,
    owner text not null,
    status text not null check (status in ('published', 'not_published', 'failed')),
    outcome text not null,
    settles integer not null,
    started_at text not null,
    finished_at text not null,
    last_load_id integer not null,
    last_request_id integer not null,
    project_digest text not null,
    steps text not null,
    failures text not null,
    marts text not null,
    project text default 'null'
) strict
"""
CATALOGUE = """
create table if not exists published.catalogue (
    model text primary key,
    document text not null
) strict
"""
# The records of earlier versions are kept.
TO_BUILDS = (
    "alter table published.builds rename to earlier",
    BUILDS,
    "insert into published.builds select build_id, invocation_id, 'the builder',"
    " status, '', 1, started_at, finished_at, last_load_id, last_request_id, '', steps,"
    " failures, marts, 'null' from published.earlier",
    "drop table published.earlier",
)
TO_PROJECTS = "alter table published.builds add column project text default 'null'"
HAS_RUNS = "select 1 as found from main.sqlite_master where name = 'dbt_results'"
COLUMN = (
    "select 1 as found from pragma_table_info('builds', 'published') where name = ?"
)


def record_of(folder: Path) -> Record:
    """The record of builds of the warehouse in `folder`."""
    ledger = partial(opened, folder / "raw.db")
    return Record(partial(warehouse_in, folder), ledger, HAS_RUNS)


@contextmanager
def warehouse_in(folder: Path) -> Iterator[Run]:
    """Runs statements on the schemas main, if it is there, and published.

    In autocommit mode. published.db is created if it is missing.
    """
    main = folder / "main.db"
    with opened(main if main.exists() else ":memory:") as run:
        run("attach ? as published", [str(folder / "published.db")])
        run("pragma published.journal_mode = wal", ())
        if not run(COLUMN, ["project"]):
            _bring_up_to_date(run)
        run(CATALOGUE, ())
        yield run


def _bring_up_to_date(run: Run) -> None:
    with transaction(run):
        for statement in _steps(run):
            run(statement, ())


def _steps(run: Run) -> Sequence[str]:
    if not run(COLUMN, ["build_id"]):
        return (BUILDS,)
    has_outcome = run(COLUMN, ["outcome"]) and not run(COLUMN, ["project"])
    return (TO_PROJECTS,) if has_outcome else TO_BUILDS
