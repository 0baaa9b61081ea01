"""SQLite: a warehouse is a folder, and there is no server."""

from __future__ import annotations

from engines.backends.backend import Backend


class Sqlite(Backend):
    """The default engine."""

    name = "sqlite"
    slow_rows = 4
    is_folder = True

    def new_warehouse(self) -> dict[str, str]:
        return {"DBT_TARGET": "sqlite"}
