"""The raw store: uploaded rows, append-only, with the ledger of loads and the rejects.

Rows, rejects and the ledger's entry of a load are one transaction: all there or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from api.contract import Table
from api.warehouse import ledger
from api.warehouse import schema as raw_schema
from api.warehouse.engines import Row, ServerStore, UploadedRows, prepare
from api.warehouse.ledger import Load
from api.warehouse.pending_load import PendingLoad
from api.warehouse.provenance import NOBODY, Provenance
from api.warehouse.readings import Readings
from api.warehouse.requests import KeyedRequest, Requests, remember
from api.warehouse.utc import utc_text

WHOLE = (1 << 31) - 1  # characters; no text in the warehouse is longer


class RawStore:
    """The rows as they were accepted, and the ledger that says which loads count."""

    def __init__(self, engine: ServerStore) -> None:
        self._engine = engine
        self._database = engine.raw
        self.requests = Requests(engine)
        self.readings = Readings(engine.raw)

    def prepare(self, tables: Iterable[Table]) -> None:
        """Bring the upload tables to their contract; see `engines.prepare`."""
        prepare(self._database, self._engine.schema, list(tables))

    def declared_tables(self) -> list[Table]:
        """The upload tables of the contract as it was last applied."""
        with self._database.connection() as connection:
            return raw_schema.declared_tables(self._engine.schema(connection.rows))

    def refusals(self, tables: Iterable[Table]) -> list[str]:
        """Why the stored rows do not allow these tables; empty when they do."""
        with self._database.connection() as connection:
            return raw_schema.refusals(self._engine.schema(connection.rows), tables)

    @contextmanager
    def loading(
        self, table: Table, mode: str = "append", by: Provenance = NOBODY
    ) -> Iterator[PendingLoad]:
        """Begin a load; leaving by an exception, or after `abandon`, stores nothing."""
        with self._database.writing() as connection:
            rows = self._engine.uploaded(connection)
            pending = PendingLoad(connection, rows, table, mode, by)
            try:
                yield pending
            except BaseException:
                rows.abandon(table, pending.load_id)
                raise

    def undo(
        self, load_id: int, by: Provenance = NOBODY, keyed: KeyedRequest | None = None
    ) -> tuple[Load, bool]:
        """Take a load out as if it had never been; of an undo, bring its load back.

        Returns the entry that did so, and whether that was there before. Raises
        UnknownLoad.
        """
        with self._database.writing() as connection:
            entry, already = ledger.undo_or_redo(connection, load_id, by)
            if keyed is not None:
                remember(connection, keyed, entry.load_id)
        return entry, already

    def load(self, load_id: int) -> Load:
        """One entry of the ledger; raises UnknownLoad."""
        with self._database.connection() as connection:
            return ledger.one(connection, load_id)

    def loads(self, limit: int, before: int) -> list[Load]:
        """Entries older than `before`, newest first."""
        where = "where load_id < ? order by load_id desc limit ?"
        with self._database.connection() as connection:
            return ledger.select(connection, where, before, limit)

    def rejects(
        self, load_id: int, limit: int, after: int = 0, most_raw: int = WHOLE
    ) -> list[Row]:
        """Rejects of a load with a `reject_id` above `after`, in line order.

        Of each row the first `most_raw` characters.
        """
        sql = (
            "select reject_id, line, substr(raw, 1, cast(? as integer)) as raw, defects"
            " from rejects where load_id = ? and reject_id > ?"
            " order by reject_id limit ?"
        )
        found = self._database.rows(sql, [most_raw, load_id, after, limit])
        return [row | {"defects": json.loads(row["defects"])} for row in found]

    @contextmanager
    def moment(self) -> Iterator[UploadedRows]:
        """The upload tables as they stand now, however long it takes to read them."""
        with self._database.reading() as connection:
            yield self._engine.uploaded(connection)

    def counts(self) -> dict[str, Row]:
        """Per table: the loads that count and their rows, and the newest time."""
        with self._database.connection() as connection:
            return ledger.counts(connection)

    def request_build(self) -> int:
        """Ask the builder for a build; the number of the request."""
        with self._database.writing() as connection:
            sql = (
                "insert into build_requests (requested_at) values (?)"
                " returning request_id"
            )
            return int(connection.rows(sql, [utc_text()])[0]["request_id"])
