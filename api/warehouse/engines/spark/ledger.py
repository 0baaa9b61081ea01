"""Copies of the ledger for Spark; each is complete before it is visible."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from api.warehouse.engines.spark.storage import Storage
from api.warehouse.schema import Run

# How many copies stay, for runs that began with one of them.
VERSIONS_KEPT = 20
VERSION = "version="

INTEGER, TEXT = pa.int64(), pa.string()
# The last file completes a version.
LEDGER = {
    "build_requests": pa.schema([("request_id", INTEGER), ("requested_at", TEXT)]),
    "load_spans": pa.schema(
        [
            ("load_id", INTEGER),
            ("table_name", TEXT),
            ("from_id", INTEGER),
            ("until_id", INTEGER),
        ]
    ),
    "loads": pa.schema(
        [
            ("load_id", INTEGER),
            ("table_name", TEXT),
            ("mode", TEXT),
            ("of_load", INTEGER),
            ("loaded", INTEGER),
            ("loaded_at", TEXT),
        ]
    ),
}


def write_ledger(storage: Storage, run: Run) -> None:
    """Copy the ledger as a new version."""
    run("begin", ())
    tables = {name: _table(run, name, schema) for name, schema in LEDGER.items()}
    run("commit", ())
    versions = sorted(
        int(name.removeprefix(VERSION)) for name in storage.folders("ledger/loads")
    )
    new = versions[-1] + 1 if versions else 1
    for name, table in tables.items():
        with storage.writing(f"ledger/{name}/{VERSION}{new}/part-00000.parquet") as to:
            pq.write_table(table, to, compression="zstd")
    for old in versions[: -VERSIONS_KEPT or None]:
        for name in tables:
            storage.remove(f"ledger/{name}/{VERSION}{old}")


def _table(run: Run, name: str, schema: pa.Schema) -> pa.Table:
    sql = f"select {', '.join(schema.names)} from {name} order by 1"
    return pa.Table.from_pylist(run(sql, ()), schema)
