"""The raw store: uploaded rows, append-only, with the ledger of loads and the rejects.

Rows, rejects and the ledger's entry of a load are one transaction: all there or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

from api import raw_schema
from api.contract import Table
from api.errors import UnknownLoad
from api.intake import Defect, Reject
from api.utc import utc_text
from api.warehouse.database import Connection, Database, Row
from api.warehouse.requests import KeyedRequest, Requests, remember

WHOLE = 1 << 31  # characters; no text in the warehouse is longer


@dataclass(frozen=True)
class Load:
    """One entry of the ledger.

    `loaded_at` is UTC; `header` the columns that the file itself names, in its order.
    """

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
    header: tuple[str, ...] | None = None


class RawStore:
    """The rows as they were accepted, and the ledger that says which loads count."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "raw.db")
        self.requests = Requests(self._database, folder)

    def prepare(self, tables: Iterable[Table]) -> None:
        """Bring the ledger up to date, and the upload tables to their contract.

        Raises ContractError, with nothing changed, where that would lose stored rows
        or read them differently.
        """
        tables = list(tables)
        self._database.rows("pragma journal_mode = wal")
        with self._database.connection() as connection:
            if raw_schema.is_current(connection.rows, tables):
                return
        with self._database.writing() as connection:
            raw_schema.apply(connection.rows, tables)

    def declared_tables(self) -> list[Table]:
        """The upload tables of the contract as it was last applied."""
        with self._database.connection() as connection:
            return raw_schema.declared_tables(connection.rows)

    def refusals(self, tables: Iterable[Table]) -> list[str]:
        """Why the stored rows do not allow these tables; empty when they do."""
        with self._database.connection() as connection:
            return raw_schema.refusals(connection.rows, tables)

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
        return _load(found[0])

    def loads(self, limit: int, before: int) -> list[Load]:
        """Loads older than `before`, newest first."""
        sql = "select * from loads where load_id < ? order by load_id desc limit ?"
        return [_load(row) for row in self._database.rows(sql, [before, limit])]

    def rejects(
        self, load_id: int, limit: int, after: int = 0, most_raw: int = WHOLE
    ) -> list[Row]:
        """Rejects of a load with a `reject_id` above `after`, in line order.

        Of each row the first `most_raw` characters.
        """
        sql = (
            "select reject_id, line, substr(raw, 1, ?) as raw, defects from rejects"
            " where load_id = ? and reject_id > ? order by reject_id limit ?"
        )
        found = self._database.rows(sql, [most_raw, load_id, after, limit])
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
            connection.rows(sql, [utc_text()])
            return int(connection.rows("select last_insert_rowid() as n")[0]["n"])

    def close(self) -> None:
        self._database.close()
        self.requests.close()


class LoadInProgress:
    """A load inside its transaction: rows, rejects, then the ledger's entry."""

    def __init__(self, connection: Connection, table: Table, load_id: int) -> None:
        self.load_id = load_id
        self._connection = connection
        self._table = table
        self._next_key = raw_schema.first_key(load_id) + 1

    def same_file(self, sha256: str) -> Load | None:
        """The load that already holds this very file in this table."""
        sql = "select * from loads where sha256 = ? and table_name = ? limit 1"
        found = self._connection.rows(sql, [sha256, self._table.name])
        return _load(found[0]) if found else None

    def abandon(self) -> None:
        """Take back everything this load has stored so far."""
        self._connection.rows("rollback to load")

    def append(self, rows: pa.RecordBatch) -> None:
        """Store rows of the table, under keys of this load."""
        first = self._next_key
        self._next_key += rows.num_rows
        keys = pa.arange(first, self._next_key)
        rows = rows.append_column(raw_schema.ROW_KEY, keys)
        self._connection.append(self._table.name, rows)

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep refused rows with every reason."""
        # Most files that are bad at all are bad in the same way all over.
        told = cache(_told)
        rows = [
            {
                "load_id": self.load_id,
                "line": reject.line,
                "raw": reject.raw,
                "defects": told(reject.defects),
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
        header: tuple[str, ...] | None = None,
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
            loaded_at=utc_text(),
            header=header,
        )
        entry = asdict(load) | {"header": json.dumps(header) if header else None}
        marks = ", ".join("?" * len(entry))
        sql = f"insert into loads ({', '.join(entry)}) values ({marks})"
        self._connection.rows(sql, list(entry.values()))
        return load

    def remember(self, keyed: KeyedRequest | None, load: Load) -> None:
        """Keep with the load which request made it, for when that is repeated."""
        if keyed is not None:
            remember(self._connection, keyed, load.load_id)


def _told(defects: tuple[Defect, ...]) -> str:
    return json.dumps([asdict(defect) for defect in defects])


def _load(row: Row) -> Load:
    header = row["header"]
    return Load(**row | {"header": tuple(json.loads(header)) if header else None})
