"""What the builder copies: the ledger to where Spark reads it, builds from there.

Both ways a copy is made whole before anything tells of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from api.engines.sqlite.schema import Dialect
from api.raw_schema import Run
from api.shared_storage import Storage

ROWS_AT_ONCE = 10_000
BUILDS_KEPT = 2_000
# As many copies of the ledger stay, for runs that began with one of them.
VERSIONS_KEPT = 20
VERSION = "version="

INTEGER, TEXT = pa.int64(), pa.string()
# The last one is the one that counts: it makes a version whole.
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
RECORD = (
    *("invocation_id", "status", "started_at", "finished_at", "last_load_id"),
    *("last_request_id", "project_digest", "steps", "failures", "marts"),
)


def write_ledger(storage: Storage, run: Run) -> None:
    """Copy the ledger as it stands, as one more version of it."""
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


def take_over(storage: Storage, run: Run) -> None:
    """Record the builds that dbt has left, and copy the marts of the newest."""
    builds = sorted(_left(storage), key=lambda build: str(build["finished_at"]))
    # Of earlier ones the tables may be gone.
    newest = [build for build in builds if build["status"] == "published"][-1:]
    for build in builds:
        run("begin immediate", ())
        try:
            if not _is_known(run, build):
                if build in newest and not _is_old(run, build):
                    _copy_marts(storage, run, json.loads(build["documents"]))
                _record(run, build)
            run("commit", ())
        except BaseException:
            run("rollback", ())
            raise
        storage.remove(f"builds/{build['invocation_id']}")


def _table(run: Run, name: str, schema: pa.Schema) -> pa.Table:
    sql = f"select {', '.join(schema.names)} from {name} order by 1"
    return pa.Table.from_pylist(run(sql, ()), schema)


def _left(storage: Storage) -> Iterator[dict[str, Any]]:
    """The records of builds that are whole."""
    for name in storage.folders("builds"):
        if storage.exists(f"builds/{name}/_SUCCESS"):
            for part in _parquet(storage, f"builds/{name}"):
                yield from part.read().to_pylist()


def _is_known(run: Run, build: dict[str, Any]) -> bool:
    sql = "select 1 as known from published.builds where invocation_id = ?"
    return bool(run(sql, [build["invocation_id"]]))


def _is_old(run: Run, build: dict[str, Any]) -> bool:
    """Whether a later build is published already."""
    sql = (
        "select 1 as later from published.builds"
        " where status = 'published' and finished_at > ?"
    )
    return bool(run(sql, [build["finished_at"]]))


def _record(run: Run, build: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(RECORD))
    sql = f"insert into published.builds ({', '.join(RECORD)}) values ({marks})"
    # What an earlier version has left names no digest.
    build = {"project_digest": ""} | build
    run(sql, [build[name] for name in RECORD])
    newest = "(select max(build_id) from published.builds)"
    run(f"delete from published.builds where build_id <= {newest} - {BUILDS_KEPT}", ())


def _copy_marts(storage: Storage, run: Run, documents: dict[str, Any]) -> None:
    tables = "select name from published.sqlite_master where type = 'table'"
    ours = ("builds", "catalogue", "sqlite_sequence")
    for row in run(tables, ()):
        if row["name"] not in ours:
            run(f'drop table published."{row["name"]}"', ())
    run(
        "create table if not exists published.catalogue"
        " (model text, document text, primary key (model)) strict",
        (),
    )
    run("delete from published.catalogue", ())
    for name, document in documents.items():
        # Here they have their own names.
        _copy_mart(storage, run, name, document.pop("table"), document["contract"])
        values = [name, json.dumps(document)]
        run("insert into published.catalogue values (?, ?)", values)


def _copy_mart(
    storage: Storage, run: Run, name: str, table: str, contract: dict[str, Any]
) -> None:
    columns = contract["columns"]
    names = [column["name"] for column in columns]
    kinds = [Dialect().storage(column["data_type"]) for column in columns]
    shape = ", ".join(
        f'"{name}" {kind}' for name, kind in zip(names, kinds, strict=True)
    )
    run(f'create table published."{name}" ({shape}) strict', ())
    sql = f'insert into published."{name}" values ({", ".join("?" * len(names))})'
    for part in _parquet(storage, f"published/{table}"):
        for batch in part.iter_batches(ROWS_AT_ONCE, columns=names):
            values = [column.to_pylist() for column in batch.columns]
            for row in zip(*values, strict=True):
                run(sql, row)


def _parquet(storage: Storage, folder: str) -> Iterator[pq.ParquetFile]:
    for name in storage.files(folder):
        if name.endswith(".parquet"):
            with pq.ParquetFile(storage.open(f"{folder}/{name}")) as part:
                yield part
