"""SQLite: a warehouse is a folder, and there is no server."""

from __future__ import annotations

from pathlib import Path

from support.inspection import query

from engines.backends.backend import Backend


class Sqlite(Backend):
    """The default engine."""

    name = "sqlite"
    slow_rows = 4
    can_copy = True

    @property
    def variables(self) -> dict[str, str]:
        return {"DBT_TARGET": "sqlite"}

    def new_warehouse(self, sample: Path | None = None) -> dict[str, str]:
        return self.variables

    def tables(self, warehouse: Path) -> set[str]:
        sql = "select name from sqlite_master where type = 'table'"
        return {name for (name,) in query(warehouse / "main.db", sql)[0]}

    def add_table(self, warehouse: Path, name: str) -> None:
        query(warehouse / "main.db", f"create table {name} (n integer)")
