"""Putting marts where readers find them: published.db.

Its readers keep to one snapshot of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.engines.model import Row
from api.engines.publishing import PublishingInSql, drop_models, quoted
from api.engines.sqlite.building.record import opened, warehouse_in
from api.engines.sqlite.schema import Dialect

MARTS = (
    "select name from published.sqlite_master where type = 'table'"
    " and name not in ('builds', 'catalogue', 'sqlite_sequence')"
)

KINDS = (
    "select type as kind from main.sqlite_master"
    " where name = ? and type in ('table', 'view')"
)


class SqlitePublishing(PublishingInSql):
    """With tables that are made anew."""

    dialect = Dialect()

    def put(self, documents: Mapping[str, Row], invocation_id: str) -> None:
        for row in self._run(MARTS, ()):
            self._run(f"drop table published.{quoted(row['name'])}", ())
        self._run("delete from published.catalogue", ())
        for name, document in documents.items():
            self._make(name, document["contract"]["columns"])
            self._list(name, document)

    def _make(self, mart: str, columns: Sequence[Row]) -> None:
        shape = self._shape(columns)
        self._run(f"create table published.{quoted(mart)} ({shape}) strict", ())
        self._fill(mart, [column["name"] for column in columns])

    def _fill(self, mart: str, columns: Sequence[str]) -> None:
        names, table = ", ".join(map(quoted, columns)), quoted(mart)
        sql = f"insert into published.{table} select {names} from main.{table}"
        self._run(sql, ())


def drop_gone(folder: Path, gone: Mapping[str, str]) -> None:
    """Not where dbt writes at that moment: then it raises, and the next build does."""
    with opened(folder / "main.db") as run:
        run("pragma busy_timeout = 0", ())
        run("begin immediate", ())
        drop_models(run, KINDS, gone)
        run("commit", ())


@contextmanager
def publishing(folder: Path) -> Iterator[SqlitePublishing]:
    """All or nothing. A plain `begin` takes no lock of main.db, where dbt may write."""
    with warehouse_in(folder) as run:
        run("begin", ())
        try:
            yield SqlitePublishing(run)
            run("commit", ())
        except BaseException:
            run("rollback", ())
            raise
