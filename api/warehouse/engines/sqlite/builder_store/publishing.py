"""Publishing marts in published.db.

Each of its readers sees one snapshot of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.warehouse.engines.misfits import LARGEST, Condition
from api.warehouse.engines.names import quoted
from api.warehouse.engines.publishing import PublishingInSql, drop_models
from api.warehouse.engines.server_store import Row
from api.warehouse.engines.sqlite.builder_store.database import opened, transaction
from api.warehouse.engines.sqlite.builder_store.record import warehouse_in
from api.warehouse.engines.sqlite.schema import Dialect

MARTS = (
    "select name from published.sqlite_master where type = 'table'"
    " and name not in ('builds', 'catalogue', 'sqlite_sequence')"
)
# A date that does not exist, such as 31 February, changes when it is computed with.
TO_THE_DAY = "date({0}, '0 days')"
TO_THE_SECOND = "replace(datetime(substr({0}, 1, 19), '0 days'), ' ', 'T')"
FRACTION = "substr({0}, 20, length({0}) - 20)"
UNFIT = {
    "boolean": Condition("{0} not in (0, 1)"),
    "real": Condition(f"abs({{0}}) > {LARGEST}"),
    "date": Condition(f"({{0}} is not {TO_THE_DAY} or {{0}} < '0001')"),
    "timestamp": Condition(f"""
        case
            when {{0}} is null then 0
            when {{0}} < '0001' then 1
            when {{0}} = {TO_THE_SECOND} || 'Z' then 0
            else not (
                {{0}} glob '*.*[1-9]Z'
                and length({{0}}) <= 27
                and {FRACTION} not glob '.*[^0-9]*'
                and {{0}} = {TO_THE_SECOND} || {FRACTION} || 'Z'
            ) is true
        end
    """),
}

KINDS = (
    "select type as kind from main.sqlite_master"
    " where name = ? and type in ('table', 'view')"
)


class SqlitePublishing(PublishingInSql):
    """Publishes into tables that are created again."""

    dialect = Dialect()
    unfit = UNFIT

    def _put(
        self, documents: Mapping[str, Row], invocation_id: str
    ) -> Mapping[str, str]:
        for row in self._run(MARTS, ()):
            self._run(f"drop table published.{quoted(row['name'])}", ())
        self._run("delete from published.catalogue", ())
        for name, document in documents.items():
            self._make(name, document["contract"]["columns"])
            self._list(name, document)
        return {name: name for name in documents}

    def _make(self, mart: str, columns: Sequence[Row]) -> None:
        shape = self._shape(columns)
        self._run(f"create table published.{quoted(mart)} ({shape}) strict", ())
        self._fill(mart, [column["name"] for column in columns])

    def _fill(self, mart: str, columns: Sequence[str]) -> None:
        names, table = ", ".join(map(quoted, columns)), quoted(mart)
        sql = f"insert into published.{table} select {names} from main.{table}"
        self._run(sql, ())


def drop_gone(folder: Path, gone: Mapping[str, str]) -> None:
    """Drop the models; raises while dbt writes, and the next build drops them."""
    with opened(folder / "main.db") as run:
        run("pragma busy_timeout = 0", ())
        with transaction(run):
            drop_models(run, KINDS, gone)


@contextmanager
def publishing(folder: Path) -> Iterator[SqlitePublishing]:
    """All or nothing. A plain `begin` does not lock main.db, which dbt may write."""
    with warehouse_in(folder) as run:
        run("begin", ())
        try:
            yield SqlitePublishing(run)
            run("commit", ())
        except BaseException:
            run("rollback", ())
            raise
