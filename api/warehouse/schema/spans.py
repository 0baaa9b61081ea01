"""Which loads count: the one place that knows what an undo and a replacement mean.

All other code reads `load_spans`, which says of each load from which entry of the
ledger on it counts, and until which.
"""

from __future__ import annotations

from api.warehouse.schema.sql import PLACE_BITS, Run

# A load is out when its newest undo or redo is an undo. Of those that are not, the
# newest replacement and all after it count.
COUNTING = """
with live as (
    select load_id, mode
    from loads
    where table_name = ?
        and of_load is null
        and coalesce(
            (
                select turns.mode
                from loads as turns
                where turns.of_load = loads.load_id
                order by turns.load_id desc
                limit 1
            ),
            'redo'
        ) = 'redo'
)
select load_id
from live
where load_id >= (
    select coalesce(max(load_id), 0) from live where mode = 'replace'
)
"""

OPEN = "table_name = ? and until_id is null"
# The loads of a table that count now; its name is bound.
COUNTING_NOW = f"select load_id from load_spans where {OPEN}"


def note_entry(run: Run, entry_id: int, table: str, mode: str) -> None:
    """Bring the spans of a table up to date after an entry, in its transaction."""
    if mode == "append":
        columns = "load_id, table_name, from_id"
        begun = f"insert into load_spans ({columns}) values (?, ?, ?)"
        run(begun, [entry_id, table, entry_id])
        return
    run(
        f"update load_spans set until_id = ? where {OPEN}"
        f" and load_id not in ({COUNTING})",
        [entry_id, table, table],
    )
    run(
        "insert into load_spans (load_id, table_name, from_id)"
        f" select load_id, ?, ? from ({COUNTING}) as counting"
        f" where load_id not in ({COUNTING_NOW})",
        [table, entry_id, table, table],
    )


def newest_rows(table: str, key: str) -> str:
    """SQL for the newest `_row` of each key that counts; the table's name is bound."""
    # As a cross join, for SQLite then reads of the table what each load takes of it.
    return (
        f"select max(uploads._row) as _row from ({COUNTING_NOW}) as spans"
        f' cross join "{table}" as uploads'
        f" where uploads._row > spans.load_id << {PLACE_BITS}"
        f" and uploads._row < (spans.load_id + 1) << {PLACE_BITS}"
        f" group by {key}"
    )
