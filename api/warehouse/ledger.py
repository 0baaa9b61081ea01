"""The ledger: every load, undo and redo in order, and whether each still counts.

Append-only. The functions run inside the transaction of their caller.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from api.errors import UnknownLoad
from api.warehouse import schema as raw_schema
from api.warehouse.engines import Connection, Row
from api.warehouse.provenance import Provenance
from api.warehouse.utc import utc_text

# Whether the rows of an entry count now.
COUNTS = """exists (
        select 1
        from load_spans
        where load_spans.load_id = loads.load_id and until_id is null
    )"""
# Each entry with the undo that took it out, and whether it counts.
ENTRIES = f"""
select *
from (
    select
        loads.*,
        {COUNTS} as counts,
        (
            select case when turns.mode = 'undo' then turns.load_id end
            from loads as turns
            where turns.of_load = loads.load_id
            order by turns.load_id desc
            limit 1
        ) as undone_by
    from loads
) as entries
"""


@dataclass(frozen=True)
class Load:
    """One entry of the ledger: rows that came, or the undo or redo of such an entry.

    `mode` is append, replace, undo or redo. The latter two bring no rows; `of_load` is
    the load that they take out or bring back. `loaded_at` is UTC, `header` the column
    of each cell that the file itself names, `reading` how it was read, as JSON has it;
    see `intake`. `counts` tells whether the rows count now,
    `undone_by` which undo took them out.
    """

    load_id: int
    table_name: str
    mode: str
    of_load: int | None
    source: str | None
    file_name: str | None
    sha256: str | None
    received: int
    loaded: int
    rejected: int
    loaded_at: str
    header: tuple[str, ...] | None
    reading: Any
    actor: str | None
    request_id: str | None
    counts: bool
    undone_by: int | None


@dataclass(frozen=True)
class LoadSummary:
    """The source, counts and reading of the rows of a load."""

    source: str
    loaded: int
    rejected: int
    file_name: str | None = None
    sha256: str | None = None
    header: tuple[str, ...] | None = None
    reading: Any = None


def newest_id(connection: Connection) -> int:
    """The number of the newest entry; 0 before the first."""
    newest = connection.rows("select coalesce(max(load_id), 0) as n from loads")
    return int(newest[0]["n"])


def one(connection: Connection, load_id: int) -> Load:
    """One entry; raises UnknownLoad."""
    found = select(connection, "where load_id = ?", load_id)
    if not found:
        raise UnknownLoad(f"There is no load {load_id}. GET /loads lists them.")
    return found[0]


def select(connection: Connection, where: str, *values: Any) -> list[Load]:
    """Entries by a condition, with its order and limit."""
    return [_load(row) for row in connection.rows(f"{ENTRIES} {where}", values)]


def add_load(
    connection: Connection,
    load_id: int,
    table: str,
    mode: str,
    summary: LoadSummary,
    by: Provenance,
) -> Load:
    """Write the entry that makes a load count."""
    about = asdict(summary)
    about["received"] = summary.loaded + summary.rejected
    about["header"] = json.dumps(summary.header) if summary.header else None
    about["reading"] = json.dumps(summary.reading) if summary.reading else None
    return _add(connection, load_id, table, mode, about, by)


def undo_or_redo(
    connection: Connection, load_id: int, by: Provenance
) -> tuple[Load, bool]:
    """Undo an entry, and whether it was undone before, by the entry that is returned.

    Undoing an undo brings the load back, undoing that takes it out again.
    """
    entry = one(connection, load_id)
    mode = "redo" if entry.mode == "undo" else "undo"
    subject = entry.of_load or load_id
    newest = "where of_load = ? order by load_id desc limit 1"
    for last in select(connection, newest, subject):
        if last.mode == mode:
            return last, True
    about = {"of_load": subject, "received": 0, "loaded": 0, "rejected": 0}
    added = _add(
        connection, newest_id(connection) + 1, entry.table_name, mode, about, by
    )
    return added, False


def counts(connection: Connection) -> dict[str, Row]:
    """Per table: the loads that count and their rows, and when it was last loaded."""
    sql = (
        "select table_name, count(counting) as loads,"
        " cast(coalesce(sum(counting), 0) as bigint) as rows_loaded,"
        " max(loaded_at) as last_loaded_at"
        f" from (select *, case when {COUNTS} then loaded end as counting from loads)"
        " as entries where of_load is null group by table_name"
    )
    return {row.pop("table_name"): row for row in connection.rows(sql)}


def _add(
    connection: Connection,
    load_id: int,
    table: str,
    mode: str,
    about: dict[str, Any],
    by: Provenance,
) -> Load:
    entry = {
        "load_id": load_id,
        "table_name": table,
        "mode": mode,
        "loaded_at": utc_text(),
        **about,
        **asdict(by),
    }
    marks = ", ".join("?" * len(entry))
    sql = f"insert into loads ({', '.join(entry)}) values ({marks})"
    connection.rows(sql, list(entry.values()))
    raw_schema.note_entry(connection.rows, load_id, table, mode)
    return one(connection, load_id)


def _load(row: Row) -> Load:
    header, reading = row["header"], row["reading"]
    facts = {
        "header": tuple(json.loads(header)) if header else None,
        "reading": json.loads(reading) if reading else None,
        "counts": bool(row["counts"]),
    }
    # A later release may have added columns, before it was rolled back to this one.
    known = {field.name for field in fields(Load)}
    return Load(**{name: v for name, v in (row | facts).items() if name in known})
