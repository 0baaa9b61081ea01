"""PostgreSQL's schema of the raw store: storage of types, and the ledger's tables."""

from __future__ import annotations

from api.warehouse.schema import PLACE_BITS, ROW_KEY, Run, StoredColumn

# By code point, as on every engine, whatever the database's default is.
TEXT = 'text collate "C"'
STORAGE = {"integer": "bigint", "boolean": "boolean", "real": "double precision"}
# Their names in PostgreSQL's catalogue.
CALLED = {"text": TEXT}

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"""
        create table loads (
            load_id bigint primary key,
            table_name {TEXT} not null,
            mode text not null check (mode in ('append', 'replace', 'undo', 'redo')),
            of_load bigint,
            source text check (source in ('csv', 'batch', 'avro')),
            file_name text,
            sha256 text,
            received bigint not null,
            loaded bigint not null,
            rejected bigint not null,
            loaded_at {TEXT} not null,
            header text,
            actor text,
            request_id text,
            check (received = loaded + rejected),
            check ((mode in ('undo', 'redo')) = (of_load is not null))
        )
        """,
        "create index loads_by_sha256 on loads (sha256)",
        "create index loads_by_of_load on loads (of_load) where of_load is not null",
        # A load counts from the entry `from_id` on, until the entry `until_id`.
        f"""
        create table load_spans (
            load_id bigint not null,
            table_name {TEXT} not null,
            from_id bigint not null,
            until_id bigint,
            primary key (load_id, from_id)
        )
        """,
        "create index load_spans_by_end on load_spans (table_name, until_id)",
        """
        create table rejects (
            reject_id bigint generated always as identity primary key,
            load_id bigint not null,
            line bigint not null,
            raw text not null,
            defects text not null
        )
        """,
        "create index rejects_by_load on rejects (load_id)",
        """
        create table build_requests (
            request_id bigint generated always as identity primary key,
            requested_at text not null
        )
        """,
        f"""
        create table idempotency_keys (
            key text primary key,
            fingerprint text not null,
            load_id bigint not null,
            status bigint,
            answer text,
            created_at {TEXT} not null
        )
        """,
        # The upload contract as it was last applied.
        """
        create table contracts (
            table_name text primary key,
            position bigint not null,
            declared bigint not null,
            document text not null
        )
        """,
        "create table ledger_version (version bigint not null)",
        "insert into ledger_version values (0)",
    ),
    (
        # How a file was read, as JSON.
        "alter table loads add column reading text",
        # How to read files with this header, which is a JSON array of its cells.
        f"""
        create table readings (
            reading_id bigint generated always as identity primary key,
            table_name {TEXT} not null,
            header text not null,
            said text not null,
            actor text,
            remembered_at {TEXT} not null,
            unique (table_name, header)
        )
        """,
    ),
)


class Dialect:
    """What differs on PostgreSQL; see `warehouse.schema`."""

    migrations = MIGRATIONS
    integer = "bigint"
    load_of_row = (
        f"_load_id bigint generated always as ({ROW_KEY} >> {PLACE_BITS}) stored"
    )
    options = ""
    # Every table here has had a key from the start.
    arrival_order = ROW_KEY

    def storage(self, data_type: str) -> str:
        """Dates and times are text."""
        return STORAGE.get(data_type, TEXT)

    def version(self, run: Run) -> int:
        if not self.has_table(run, "ledger_version"):
            return 0
        return int(run("select version from ledger_version", ())[0]["version"])

    def note_version(self, run: Run, version: int) -> None:
        run("update ledger_version set version = ?", [version])

    def has_table(self, run: Run, name: str) -> bool:
        sql = (
            "select 1 as found from pg_tables"
            " where schemaname = current_schema() and tablename = ?"
        )
        return bool(run(sql, [name]))

    def columns(self, run: Run, name: str) -> list[StoredColumn]:
        sql = (
            "select column_name, data_type, is_nullable = 'NO' as required"
            " from information_schema.columns"
            " where table_schema = current_schema() and table_name = ?"
            " order by ordinal_position"
        )
        return [
            StoredColumn(
                row["column_name"],
                CALLED.get(row["data_type"], row["data_type"]),
                row["required"],
            )
            for row in run(sql, [name])
        ]
