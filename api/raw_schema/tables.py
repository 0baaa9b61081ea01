"""The SQL that makes an upload table what the contract says, keeping its rows.

Rows are kept in the order of their loads: the key of a row is the number of its load
and, in the low bits, its place in the load. So the rows of some loads are found without
an index, which would cost a load a third of its time.
"""

from __future__ import annotations

from api.contract import Column, Table
from api.raw_schema.sql import PLACE_BITS, ROW_KEY, Run, storage


def follow(run: Run, before: Table | None, after: Table) -> None:
    """Make the stored table what the contract says, with every row that it holds."""
    if before is None:
        _create(run, after.name, after)
    elif not _is_keyed(run, after.name):
        _rebuild(run, before, after)
    elif _only_adds(before, after):
        known = set(before.column_names)
        for column in after.columns:
            if column.name not in known:
                run(f'alter table "{after.name}" add column {_ddl(column)}', ())
    elif _ddls(before) != _ddls(after):
        _rebuild(run, before, after)


def _is_keyed(run: Run, name: str) -> bool:
    """Whether the rows have a key; before version 3 of the ledger they had none."""
    columns = run(f'pragma table_info("{name}")', ())
    return any(column["name"] == ROW_KEY for column in columns)


def _only_adds(before: Table, after: Table) -> bool:
    old, new = _ddls(before), _ddls(after)
    return old < new and not any(
        column.required for column in after.columns if _ddl(column) not in old
    )


def _rebuild(run: Run, before: Table, after: Table) -> None:
    """Into a table of the new shape; SQLite cannot change a column in place."""
    types = {column.name: column.data_type for column in before.columns}
    kept = [c.name for c in after.columns if types.get(c.name) == c.data_type]
    place = "row_number() over (partition by _load_id order by rowid)"
    key = f"(_load_id << {PLACE_BITS}) + {place}"
    into = ", ".join([ROW_KEY, *(f'"{name}"' for name in kept)])
    values = ", ".join([key, *(f'"{name}"' for name in kept)])
    new = f"{after.name}__new"
    _create(run, new, after)
    moved = f'select {values} from "{after.name}" order by 1'
    run(f'insert into "{new}" ({into}) {moved}', ())
    run(f'drop table "{after.name}"', ())
    run(f'alter table "{new}" rename to "{after.name}"', ())


def _create(run: Run, name: str, table: Table) -> None:
    columns = ", ".join(_ddl(column) for column in table.columns)
    run(
        f'create table "{name}" ({columns}, {ROW_KEY} integer primary key,'
        f" _load_id integer generated always as ({ROW_KEY} >> {PLACE_BITS})) strict",
        (),
    )


def _ddls(table: Table) -> set[str]:
    return {_ddl(column) for column in table.columns}


def _ddl(column: Column) -> str:
    return f'"{column.name}" {storage(column)}{" not null" if column.required else ""}'
