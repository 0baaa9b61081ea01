"""How files were read at their sender's word, for the next one with that header."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from api.errors import UnknownReading
from api.intake import RememberedReading, Said
from api.warehouse.engines import Connection, Database, Row
from api.warehouse.provenance import Provenance
from api.warehouse.utc import utc_text


class Readings:
    """The remembered readings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_table(self, table: str) -> list[RememberedReading]:
        """Those of a table, oldest first."""
        sql = "select * from readings where table_name = ? order by reading_id"
        return [_reading(row) for row in self._database.rows(sql, [table])]

    def forget(self, table: str, reading_id: int) -> None:
        """Ask again about files with its header; raises UnknownReading."""
        sql = (
            "delete from readings where table_name = ? and reading_id = ?"
            " returning reading_id"
        )
        with self._database.writing() as connection:
            if not connection.rows(sql, [table, reading_id]):
                raise UnknownReading(
                    f"{table} has no reading {reading_id}. GET /tables/{table} lists"
                    " them."
                )


def remember(
    connection: Connection,
    table: str,
    header: Sequence[str],
    said: Said,
    by: Provenance,
) -> None:
    """Keep what was said under the header, in place of what was said before."""
    connection.rows(
        "insert into readings (table_name, header, said, actor, remembered_at)"
        " values (?, ?, ?, ?, ?) on conflict (table_name, header) do update set"
        " said = excluded.said, actor = excluded.actor,"
        " remembered_at = excluded.remembered_at",
        [table, json.dumps(header), json.dumps(asdict(said)), by.actor, utc_text()],
    )


def _reading(row: Row) -> RememberedReading:
    said = json.loads(row["said"])
    columns = tuple((header, name) for header, name in said["columns"])
    return RememberedReading(
        row["reading_id"],
        tuple(json.loads(row["header"])),
        Said(**said | {"columns": columns}),
        row["actor"],
        row["remembered_at"],
    )
