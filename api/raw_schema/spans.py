"""Which loads count: the one place that knows what an undo and a replacement mean.

Everybody else reads `load_spans`, which says of each load from which entry of the
ledger on it counts, and until which.
"""

from __future__ import annotations

from api.raw_schema.sql import Run

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


def note_entry(run: Run, entry_id: int, table: str, mode: str) -> None:
    """Bring the spans of a table up to date after an entry, in its transaction."""
    if mode == "append":
        begun = "insert into load_spans values (?, ?, ?, null)"
        run(begun, [entry_id, table, entry_id])
        return
    run(
        f"update load_spans set until_id = ? where {OPEN}"
        f" and load_id not in ({COUNTING})",
        [entry_id, table, table],
    )
    run(
        f"insert into load_spans select load_id, ?, ?, null from ({COUNTING})"
        f" where load_id not in (select load_id from load_spans where {OPEN})",
        [table, entry_id, table, table],
    )
