"""What the schema needs of a connection, and of the engine behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from api.contract import Table

# Runs one statement with its parameters; its rows, a dictionary each.
Run = Callable[[str, Sequence[Any]], list[dict[str, Any]]]

# The key of a stored row: the number of its load, then its place in the load.
ROW_KEY = "_row"
PLACE_BITS = 32


class StoredColumn(NamedTuple):
    """A column as the database describes it."""

    name: str
    kind: Any
    required: bool


class Dialect(Protocol):
    """What differs between engines.

    `migrations` take the ledger from one version to the next, each a few statements.
    `storage` is the type that a column of a `data_type` is kept in, `integer` that of
    whole numbers. `load_of_row` declares the load's number of an uploaded row, which
    follows from its key. `options` end a `create table`, `arrival_order` orders
    rows that have no key yet.
    """

    @property
    def migrations(self) -> Sequence[Sequence[str]]: ...

    @property
    def integer(self) -> str: ...

    @property
    def load_of_row(self) -> str: ...

    @property
    def options(self) -> str: ...

    @property
    def arrival_order(self) -> str: ...

    def storage(self, data_type: str) -> str: ...

    def version(self, run: Run) -> int:
        """How many of the migrations have run."""

    def note_version(self, run: Run, version: int) -> None: ...

    def has_table(self, run: Run, name: str) -> bool: ...

    def columns(self, run: Run, name: str) -> list[StoredColumn]: ...


class Uploads(Protocol):
    """The upload tables as they are kept."""

    def stored(self, table: Table) -> Table | None:
        """The table as its columns have it; None without one."""

    def rows(self, name: str) -> int:
        """How many rows are stored, of loads that count or not."""

    def values(self, name: str, column: str) -> int:
        """How many of them have a value in a column."""

    def follow(self, before: Table | None, after: Table) -> None:
        """Make the stored table what the contract says, with every row it holds."""


class Schema(NamedTuple):
    """The schema of a raw store, through one connection."""

    run: Run
    dialect: Dialect
    uploads: Uploads


def key_before(load_id: int) -> int:
    """The key before that of a load's first row."""
    return load_id << PLACE_BITS
