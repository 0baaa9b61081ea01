"""The raw store: uploaded rows, append-only, with the ledger of loads and the rejects.

Rows, rejects and the ledger's entry of a load are one transaction: all there or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from api.contract import Column, Table
from api.errors import UnknownLoad
from api.intake import Reject
from api.warehouse.database import Connection, Database, Row

LEDGER = (
    """
    create table if not exists loads (
        load_id integer primary key,
        table_name text not null,
        mode text not null check (mode in ('append')),
        source text not null check (source in ('csv', 'batch')),
        file_name text,
        sha256 text,
        received integer not null,
        loaded integer not null,
        rejected integer not null,
        loaded_at text not null,
        check (received = loaded + rejected)
    ) strict
    """,
    "create index if not exists loads_by_sha256 on loads (sha256)",
    """
    create table if not exists rejects (
        reject_id integer primary key,
        load_id integer not null,
        line integer not null,
        raw text not null,
        defects text not null
    ) strict
    """,
    "create index if not exists rejects_by_load on rejects (load_id)",
    """
    create table if not exists build_requests (
        request_id integer primary key autoincrement,
        requested_at text not null
    ) strict
    """,
)
STORAGE = {"integer": "integer", "boolean": "integer", "real": "real"}


@dataclass(frozen=True)
class Load:
    """One entry of the ledger; `loaded_at` is UTC."""

    load_id: int
    table_name: str
    mode: str
    source: str
    file_name: str | None
    sha256: str | None
    received: int
    loaded: int
    rejected: int
    loaded_at: str


class RawStore:
    """The rows as they were accepted, and the ledger that says which loads count."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "raw.db")

    def prepare(self, tables: Iterable[Table]) -> None:
        """Create the ledger and the tables of the contract where they are missing."""
        self._database.rows("pragma journal_mode = wal")
        statements = [*LEDGER, *(ddl for table in tables for ddl in _table_ddl(table))]
        with self._database.writing() as connection:
            for statement in statements:
                connection.rows(statement)

    @contextmanager
    def loading(self, table: Table) -> Iterator[LoadInProgress]:
        """Begin a load; leaving by an exception, or after `abandon`, stores nothing."""
        with self._database.writing() as connection:
            newest = connection.rows("select coalesce(max(load_id), 0) as n from loads")
            connection.rows("savepoint load")
            yield LoadInProgress(connection, table, newest[0]["n"] + 1)

    def load(self, load_id: int) -> Load:
        """One load of the ledger; raises UnknownLoad."""
        found = self._database.rows("select * from loads where load_id = ?", [load_id])
        if not found:
            raise UnknownLoad(f"There is no load {load_id}. GET /loads lists them.")
        return Load(**found[0])

    def loads(self, limit: int, before: int) -> list[Load]:
        """Loads older than `before`, newest first."""
        sql = "select * from loads where load_id < ? order by load_id desc limit ?"
        return [Load(**row) for row in self._database.rows(sql, [before, limit])]

    def rejects(self, load_id: int, limit: int, after: int = 0) -> list[Row]:
        """Rejects of a load with a `reject_id` above `after`, in line order."""
        sql = (
            "select reject_id, line, raw, defects from rejects"
            " where load_id = ? and reject_id > ? order by reject_id limit ?"
        )
        found = self._database.rows(sql, [load_id, after, limit])
        return [row | {"defects": json.loads(row["defects"])} for row in found]

    def counts(self) -> dict[str, Row]:
        """Per table: the number of loads and of rows loaded, and the newest time."""
        sql = (
            "select table_name, count(*) as loads, sum(loaded) as rows_loaded,"
            " max(loaded_at) as last_loaded_at from loads group by table_name"
        )
        return {row.pop("table_name"): row for row in self._database.rows(sql)}

    def request_build(self) -> int:
        """Ask the builder for a build; the number of the request."""
        with self._database.writing() as connection:
            sql = "insert into build_requests (requested_at) values (?)"
            connection.rows(sql, [_now()])
            return int(connection.rows("select last_insert_rowid() as n")[0]["n"])

    def close(self) -> None:
        self._database.close()


class LoadInProgress:
    """A load inside its transaction: rows, rejects, then the ledger's entry."""

    def __init__(self, connection: Connection, table: Table, load_id: int) -> None:
        self.load_id = load_id
        self._connection = connection
        self._table = table

    def same_file(self, sha256: str) -> Load | None:
        """The load that already holds this very file in this table."""
        sql = "select * from loads where sha256 = ? and table_name = ? limit 1"
        found = self._connection.rows(sql, [sha256, self._table.name])
        return Load(**found[0]) if found else None

    def abandon(self) -> None:
        """Take back everything this load has stored so far."""
        self._connection.rows("rollback to load")

    def append(self, rows: pa.RecordBatch) -> None:
        """Store rows of the table, stamped with this load."""
        if not rows.num_rows:
            return
        stamp = pa.repeat(pa.scalar(self.load_id, pa.int64()), rows.num_rows)
        self._connection.append(self._table.name, rows.append_column("_load_id", stamp))

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep refused rows with every reason."""
        rows = [
            {
                "load_id": self.load_id,
                "line": reject.line,
                "raw": reject.raw,
                "defects": json.dumps([asdict(d) for d in reject.defects]),
            }
            for reject in rejects
        ]
        if rows:
            self._connection.append("rejects", pa.RecordBatch.from_pylist(rows))

    def finish(
        self,
        source: str,
        loaded: int,
        rejected: int,
        file_name: str | None = None,
        sha256: str | None = None,
    ) -> Load:
        """Write the ledger's entry, which makes the load count."""
        load = Load(
            load_id=self.load_id,
            table_name=self._table.name,
            mode="append",
            source=source,
            file_name=file_name,
            sha256=sha256,
            received=loaded + rejected,
            loaded=loaded,
            rejected=rejected,
            loaded_at=_now(),
        )
        entry = asdict(load)
        marks = ", ".join("?" * len(entry))
        sql = f"insert into loads ({', '.join(entry)}) values ({marks})"
        self._connection.rows(sql, list(entry.values()))
        return load


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _table_ddl(table: Table) -> tuple[str, str]:
    name = table.name
    columns = ", ".join(_column_ddl(column) for column in table.columns)
    return (
        f'create table if not exists "{name}" '
        f"({columns}, _load_id integer not null) strict",
        f'create index if not exists "{name}_by_load" on "{name}" (_load_id)',
    )


def _column_ddl(column: Column) -> str:
    required = " not null" if column.required else ""
    return f'"{column.name}" {STORAGE.get(column.data_type, "text")}{required}'
