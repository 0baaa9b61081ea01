"""Putting marts where readers find them: published.db.

Its readers keep to one snapshot of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.engines.model import Row
from api.engines.record import record_build
from api.engines.sqlite.building.record import warehouse_in
from api.engines.sqlite.schema import Dialect
from api.raw_schema import Run

MARTS = (
    "select name from published.sqlite_master where type = 'table'"
    " and name not in ('builds', 'catalogue', 'sqlite_sequence')"
)
STATES = "select model, invocation_id, last_load_id from main.dbt_model_states"


class SqlitePublishing:
    """One transaction: the models of one moment, and what is made of them."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def states(self, marts: Sequence[str]) -> dict[str, tuple[str, int]]:
        return {
            row["model"]: (row["invocation_id"], row["last_load_id"])
            for row in self._run(STATES, ())
        }

    def documents(self) -> dict[str, Row]:
        rows = self._run("select model, document from published.catalogue", ())
        return {row["model"]: json.loads(row["document"]) for row in rows}

    def put(self, documents: Mapping[str, Row], invocation_id: str) -> None:
        for row in self._run(MARTS, ()):
            self._run(f"drop table published.{quoted(row['name'])}", ())
        self._run("delete from published.catalogue", ())
        for name, document in documents.items():
            self._make(name, document["contract"]["columns"])
            values = [name, json.dumps(document)]
            self._run("insert into published.catalogue values (?, ?)", values)

    def record(self, build: Mapping[str, Any]) -> None:
        record_build(self._run, build)

    def _make(self, mart: str, columns: Sequence[Row]) -> None:
        shape = ", ".join(
            f"{quoted(column['name'])} {Dialect().storage(column['data_type'])}"
            for column in columns
        )
        table = quoted(mart)
        self._run(f"create table published.{table} ({shape}) strict", ())
        self._fill(mart, [column["name"] for column in columns])

    def _fill(self, mart: str, columns: Sequence[str]) -> None:
        names, table = ", ".join(map(quoted, columns)), quoted(mart)
        sql = f"insert into published.{table} select {names} from main.{table}"
        self._run(sql, ())


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


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'
