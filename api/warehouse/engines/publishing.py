"""Publishing in SQL, as far as engines agree: the models' states, the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.warehouse.engines.misfits import Condition, Misfit, misfits
from api.warehouse.engines.names import quoted
from api.warehouse.engines.record import record_build
from api.warehouse.engines.server_store import Row
from api.warehouse.schema import Dialect, Run

STATES = "select model, invocation_id, last_load_id from main.dbt_model_states"
BUILT_BY = (
    "select 1 as found from main.dbt_model_states where model = ? and invocation_id = ?"
)
FORGET_MODEL = (
    "delete from main.dbt_model_states where model = ?",
    "delete from main.dbt_changes where model = ?",
    "delete from main.dbt_changes_read where reader = ?",
)


class PublishingInSql:
    """One transaction: the models of one moment, and what is published of them.

    `unfit` are conditions, by data type, that find values of another type.
    """

    dialect: Dialect
    unfit: Mapping[str, Condition]

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

    def put(self, documents: Mapping[str, Row], invocation_id: str) -> Sequence[Misfit]:
        """Publish what was judged; an engine may copy it from anywhere."""
        self._run("savepoint put", ())
        found = [
            misfit
            for name, table in self._put(documents, invocation_id).items()
            for misfit in misfits(
                self._run,
                name,
                f"published.{quoted(table)}",
                documents[name]["contract"]["columns"],
                self.unfit,
            )
        ]
        if found:
            self._run("rollback to savepoint put", ())
        self._run("release savepoint put", ())
        return found

    def _put(
        self, documents: Mapping[str, Row], invocation_id: str
    ) -> Mapping[str, str]:
        """Copy these marts and drop the others; returns their tables by name."""
        raise NotImplementedError

    def rows(self, marts: Iterable[str]) -> dict[str, int]:
        sql = "select count(*) as found from published.{}"
        return {m: self._run(sql.format(quoted(m)), ())[0]["found"] for m in marts}

    def record(self, build: Mapping[str, Any]) -> None:
        record_build(self._run, build)

    def _list(self, name: str, document: Row) -> None:
        values = [name, json.dumps(document)]
        self._run("insert into published.catalogue values (?, ?)", values)

    def _shape(self, columns: Sequence[Row]) -> str:
        """The columns of a mart for `create table`."""
        return ", ".join(
            f"{quoted(column['name'])} {self.dialect.storage(column['data_type'])}"
            for column in columns
        )


def drop_models(run: Run, kinds: str, gone: Mapping[str, str]) -> None:
    """Drop the tables of models and their states, in a transaction.

    `kinds` is a select of what a name of the schema main is: table or view.
    """
    for model, invocation_id in gone.items():
        if not run(BUILT_BY, [model, invocation_id]):
            continue
        for table in (model, f"{model}__changes"):
            for row in run(kinds, [table]):
                run(f"drop {row['kind']} main.{quoted(table)}", ())
        for forget in FORGET_MODEL:
            run(forget, [model])
