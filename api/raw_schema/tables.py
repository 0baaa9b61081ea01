"""The SQL that makes an upload table what the contract says, keeping its rows."""

from __future__ import annotations

from api.contract import Column, Table
from api.raw_schema.sql import Run, storage


def follow(run: Run, before: Table | None, after: Table) -> None:
    """Make the stored table what the contract says, with every row that it holds."""
    if before is None:
        _create(run, after.name, after)
    elif _only_adds(before, after):
        known = set(before.column_names)
        for column in after.columns:
            if column.name not in known:
                run(f'alter table "{after.name}" add column {_ddl(column)}', ())
    elif _ddls(before) != _ddls(after):
        _rebuild(run, before, after)
    index = f'"{after.name}_by_load" on "{after.name}" (_load_id)'
    run(f"create index if not exists {index}", ())


def _only_adds(before: Table, after: Table) -> bool:
    old, new = _ddls(before), _ddls(after)
    return old < new and not any(
        column.required for column in after.columns if _ddl(column) not in old
    )


def _rebuild(run: Run, before: Table, after: Table) -> None:
    """Into a table of the new shape; SQLite cannot change a column in place."""
    types = {column.name: column.data_type for column in before.columns}
    kept = [c.name for c in after.columns if types.get(c.name) == c.data_type]
    names = ", ".join(f'"{name}"' for name in [*kept, "_load_id"])
    new = f"{after.name}__new"
    _create(run, new, after)
    run(f'insert into "{new}" ({names}) select {names} from "{after.name}"', ())
    run(f'drop table "{after.name}"', ())
    run(f'alter table "{new}" rename to "{after.name}"', ())


def _create(run: Run, name: str, table: Table) -> None:
    columns = ", ".join(_ddl(column) for column in table.columns)
    run(f'create table "{name}" ({columns}, _load_id integer not null) strict', ())


def _ddls(table: Table) -> set[str]:
    return {_ddl(column) for column in table.columns}


def _ddl(column: Column) -> str:
    return f'"{column.name}" {storage(column)}{" not null" if column.required else ""}'
