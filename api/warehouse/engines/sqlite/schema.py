"""SQLite's schema of raw.db: the storage of each type, and the ledger's tables as
migrations."""

from __future__ import annotations

from api.warehouse.schema import PLACE_BITS, ROW_KEY, Run, StoredColumn

STORAGE = {"integer": "integer", "boolean": "integer", "real": "real"}

# Each entry takes the ledger one version further; `user_version` counts them.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
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
    ),
    (
        # The file's own columns in its own order, as JSON: what rejects are read by.
        "alter table loads add column header text",
        """
        create table idempotency_keys (
            key text primary key,
            fingerprint text not null,
            load_id integer not null,
            status integer,
            answer text,
            created_at text not null
        ) strict
        """,
        # The upload contract as it was last applied.
        """
        create table contracts (
            table_name text primary key,
            position integer not null,
            declared integer not null,
            document text not null
        ) strict
        """,
    ),
    # The ledger is unchanged; the upload tables get the key of `tables`.
    (),
    (
        # An undo is an entry of its own, so that the ledger only ever grows. `of_load`
        # is the load that it takes out, or brings back.
        """
        create table loads__new (
            load_id integer primary key,
            table_name text not null,
            mode text not null check (mode in ('append', 'replace', 'undo', 'redo')),
            of_load integer,
            source text check (source in ('csv', 'batch', 'avro')),
            file_name text,
            sha256 text,
            received integer not null,
            loaded integer not null,
            rejected integer not null,
            loaded_at text not null,
            header text,
            actor text,
            request_id text,
            check (received = loaded + rejected),
            check ((mode in ('undo', 'redo')) = (of_load is not null))
        ) strict
        """,
        """
        insert into loads__new (load_id, table_name, mode, source, file_name, sha256,
            received, loaded, rejected, loaded_at, header)
        select load_id, table_name, mode, source, file_name, sha256, received, loaded,
            rejected, loaded_at, header
        from loads
        """,
        "drop table loads",
        "alter table loads__new rename to loads",
        "create index loads_by_sha256 on loads (sha256)",
        "create index loads_by_of_load on loads (of_load) where of_load is not null",
        # A load counts from the entry `from_id` on, until the entry `until_id`.
        """
        create table load_spans (
            load_id integer not null,
            table_name text not null,
            from_id integer not null,
            until_id integer,
            primary key (load_id, from_id)
        ) strict, without rowid
        """,
        """
        insert into load_spans (load_id, table_name, from_id)
        select load_id, table_name, load_id from loads
        """,
        "create index load_spans_by_end on load_spans (table_name, until_id)",
    ),
    (
        # How a file was read, as JSON.
        "alter table loads add column reading text",
        # How to read files with this header, which is a JSON array of its cells.
        """
        create table readings (
            reading_id integer primary key autoincrement,
            table_name text not null,
            header text not null,
            said text not null,
            actor text,
            remembered_at text not null,
            unique (table_name, header)
        ) strict
        """,
    ),
)


class Dialect:
    """What differs on SQLite; see `warehouse.schema`."""

    migrations = MIGRATIONS
    integer = "integer"
    load_of_row = f"_load_id integer generated always as ({ROW_KEY} >> {PLACE_BITS})"
    options = " strict"
    arrival_order = "rowid"

    def storage(self, data_type: str) -> str:
        """Dates and times are text."""
        return STORAGE.get(data_type, "text")

    def version(self, run: Run) -> int:
        return int(run("pragma user_version", ())[0]["user_version"])

    def note_version(self, run: Run, version: int) -> None:
        run(f"pragma user_version = {version}", ())

    def has_table(self, run: Run, name: str) -> bool:
        sql = "select 1 from sqlite_master where type = 'table' and name = ?"
        return bool(run(sql, [name]))

    def columns(self, run: Run, name: str) -> list[StoredColumn]:
        return [
            StoredColumn(row["name"], row["type"].lower(), bool(row["notnull"]))
            for row in run(f'pragma table_info("{name}")', ())
        ]
