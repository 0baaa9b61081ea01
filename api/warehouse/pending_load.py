"""A load inside its transaction: rows, rejects, then the ledger's entry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import pyarrow as pa

from api.contract import Table
from api.intake import Defect, Reject, Said
from api.intake.reading_record import reads_alike
from api.warehouse import ledger, readings
from api.warehouse import schema as raw_schema
from api.warehouse.engines import Connection, UploadedRows
from api.warehouse.ledger import Load, LoadSummary
from api.warehouse.provenance import Provenance
from api.warehouse.requests import KeyedRequest, remember


class PendingLoad:
    """A load that counts once `finish` is called and its transaction is committed.

    With the mode "replace" its rows are all that counts of the table afterwards.
    """

    def __init__(
        self,
        connection: Connection,
        rows: UploadedRows,
        table: Table,
        mode: str,
        by: Provenance,
    ) -> None:
        self.load_id = ledger.newest_id(connection) + 1
        self._connection = connection
        self._rows = rows
        self._table = table
        self._mode = mode
        self._by = by
        self._next_key = raw_schema.key_before(self.load_id) + 1
        connection.rows("savepoint load")

    def same_file(self, sha256: str, reading: Any) -> Load | None:
        """The load by which this very file is there already, as the mode would have it.

        It has to have been read the same way, which of old ones is not known. To append
        it, it has to count; to replace the table by it, be all that counts.
        """
        where = "where counts and table_name = ? and sha256 = ?"
        found = [
            load
            for load in ledger.select(self._connection, where, self._table.name, sha256)
            if reads_alike(load.reading, reading)
        ]
        if found and self._mode == "replace":
            others = "where counts and table_name = ? and load_id <> ? limit 1"
            name, known = self._table.name, found[0].load_id
            if ledger.select(self._connection, others, name, known):
                return None
        return found[0] if found else None

    def abandon(self) -> None:
        """Remove everything that this load has stored so far."""
        self._connection.rows("rollback to load")
        self._rows.abandon(self._table, self.load_id)

    def append(self, rows: pa.RecordBatch) -> None:
        """Store rows of the table, under keys of this load."""
        first = self._next_key
        self._next_key += rows.num_rows
        keys = pa.arange(first, self._next_key)
        rows = rows.append_column(raw_schema.ROW_KEY, keys)
        self._rows.append(self._table, self.load_id, rows)

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Store rejects with every defect."""
        # Most files with defects have the same defect in every row.
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

    def finish(self, summary: LoadSummary) -> Load:
        """Write the ledger's entry, which makes the load count."""
        self._rows.complete(self._table, self.load_id)
        return ledger.add_load(
            self._connection,
            self.load_id,
            self._table.name,
            self._mode,
            summary,
            self._by,
        )

    def remember_reading(self, header: Sequence[str], said: Said) -> None:
        """Store how files with this header are to be read from now on."""
        readings.remember(self._connection, self._table.name, header, said, self._by)

    def remember(self, keyed: KeyedRequest | None, load: Load) -> None:
        """Store with the load the request that made it, in case that is repeated."""
        if keyed is not None:
            remember(self._connection, keyed, load.load_id)


def _told(defects: tuple[Defect, ...]) -> str:
    return json.dumps([asdict(defect) for defect in defects])
