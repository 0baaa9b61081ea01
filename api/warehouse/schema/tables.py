"""Upload tables that are tables beside the ledger: the SQL that makes one what the
contract says, keeping its rows.

Rows are kept in the order of their loads: the key of a row is the number of its load
and, in the low bits, its place in the load. So the rows of some loads are found without
an index, which would cost a load a third of its time.
"""

from __future__ import annotations

from api.contract import Column, Table
from api.warehouse.schema.sql import PLACE_BITS, ROW_KEY, Dialect, Run, Schema

OURS = (ROW_KEY, "_load_id")


class TablesInPlace:
    """The upload tables in the database of the ledger."""

    def __init__(self, run: Run, dialect: Dialect) -> None:
        self._run = run
        self._dialect = dialect

    def stored(self, table: Table) -> Table | None:
        """A table older than the record of contracts is known by its columns."""
        if not self._dialect.has_table(self._run, table.name):
            return None
        wanted = {column.name: column for column in table.columns}
        columns = []
        for name, kind, required in self._dialect.columns(self._run, table.name):
            like = wanted.get(name)
            same = like is not None and self._dialect.storage(like.data_type) == kind
            data_type = like.data_type if like is not None and same else kind
            if name not in OURS:
                columns.append(Column(name, data_type, "", required))
        return Table(table.name, "", tuple(columns), table.primary_key)

    def rows(self, name: str) -> int:
        return self._count(name, "*")

    def values(self, name: str, column: str) -> int:
        return self._count(name, f'"{column}"')

    def follow(self, before: Table | None, after: Table) -> None:
        """Make the stored table what the contract says, with every row it holds."""
        if before is None:
            self._create(after.name, after)
        elif not self._is_keyed(after.name):
            self._rebuild(before, after)
        elif self._only_adds(before, after):
            known = set(before.column_names)
            for column in after.columns:
                if column.name not in known:
                    ddl = self._ddl(column)
                    self._run(f'alter table "{after.name}" add column {ddl}', ())
        elif self._ddls(before) != self._ddls(after):
            self._rebuild(before, after)

    def _count(self, name: str, what: str) -> int:
        return int(self._run(f'select count({what}) as n from "{name}"', ())[0]["n"])

    def _is_keyed(self, name: str) -> bool:
        """Whether the rows have a key; before version 3 of the ledger they had none."""
        columns = self._dialect.columns(self._run, name)
        return any(column.name == ROW_KEY for column in columns)

    def _only_adds(self, before: Table, after: Table) -> bool:
        old, new = self._ddls(before), self._ddls(after)
        return old < new and not any(
            column.required for column in after.columns if self._ddl(column) not in old
        )

    def _rebuild(self, before: Table, after: Table) -> None:
        """Into a table of the new shape; SQLite cannot change a column in place."""
        types = {column.name: column.data_type for column in before.columns}
        kept = [c.name for c in after.columns if types.get(c.name) == c.data_type]
        order = self._order(after)
        place = f"row_number() over (partition by _load_id order by {order})"
        key = f"(_load_id << {PLACE_BITS}) + {place}"
        into = ", ".join([ROW_KEY, *(f'"{name}"' for name in kept)])
        values = ", ".join([key, *(f'"{name}"' for name in kept)])
        new = f"{after.name}__new"
        self._create(new, after)
        moved = f'select {values} from "{after.name}" order by 1'
        self._run(f'insert into "{new}" ({into}) {moved}', ())
        self._run(f'drop table "{after.name}"', ())
        self._run(f'alter table "{new}" rename to "{after.name}"', ())

    def _order(self, table: Table) -> str:
        return ROW_KEY if self._is_keyed(table.name) else self._dialect.arrival_order

    def _create(self, name: str, table: Table) -> None:
        columns = ", ".join(self._ddl(column) for column in table.columns)
        key = f"{ROW_KEY} {self._dialect.integer} primary key"
        ours = f"{columns}, {key}, {self._dialect.load_of_row}"
        self._run(f'create table "{name}" ({ours}){self._dialect.options}', ())

    def _ddls(self, table: Table) -> set[str]:
        return {self._ddl(column) for column in table.columns}

    def _ddl(self, column: Column) -> str:
        required = " not null" if column.required else ""
        return f'"{column.name}" {self._dialect.storage(column.data_type)}{required}'


def in_place(run: Run, dialect: Dialect) -> Schema:
    """The raw store whose upload tables are beside its ledger."""
    return Schema(run, dialect, TablesInPlace(run, dialect))
