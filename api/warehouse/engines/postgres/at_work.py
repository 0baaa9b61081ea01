"""The step that the builder is at, in one row beside the published marts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from api.warehouse.engines.at_work import Work
from api.warehouse.engines.postgres.database import Database

TABLE = """
create table if not exists published.at_work (
    one integer primary key,
    work text not null,
    is_to_stop boolean not null
)
"""
SHOW = """
insert into published.at_work values (1, ?, false)
on conflict (one) do update set work = excluded.work
"""
THERE = "select 1 as found where to_regclass('published.at_work') is not null"
SEEN = "select work, is_to_stop from published.at_work"


class WorkInDatabase:
    """The row exists while a step is shown."""

    def __init__(self, published: Database) -> None:
        self._published = published

    def show(self, work: Work | None) -> None:
        with self._published.connection() as connection:
            is_there = bool(connection.rows(THERE))
            if work is None:
                if is_there:
                    connection.rows("delete from published.at_work")
                return
            if not is_there:
                connection.rows(TABLE)
            connection.rows(SHOW, [json.dumps(asdict(work))])

    def seen(self) -> Work | None:
        found = self._row()
        return Work(**json.loads(found["work"])) if found else None

    def ask_to_stop(self) -> None:
        self._published.rows("update published.at_work set is_to_stop = true")

    def is_to_stop(self) -> bool:
        found = self._row()
        return bool(found and found["is_to_stop"])

    def _row(self) -> dict[str, Any] | None:
        with self._published.connection() as connection:
            found = connection.rows(SEEN) if connection.rows(THERE) else []
        return found[0] if found else None
