"""What processes that load rows and answer requests ask of an engine.

`builder_store` is the other side of the same warehouse, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from api.contract import Table
from api.warehouse.engines.at_work import AtWork
from api.warehouse.schema import Run, Schema

if TYPE_CHECKING:
    import pyarrow as pa


Row = dict[str, Any]
# Changes with what is published; None where only a query can find out.
Stamp = tuple[tuple[int, int, int], ...] | None


class Connection(Protocol):
    """A connection to a database, used by one thread at a time.

    `position` is the SQL function of a text and a text to find in it, which returns the
    place or 0. Statements bind their values to `?`. Every method raises
    the problems of `api.errors`.
    """

    @property
    def position(self) -> str: ...

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement; its rows, a dictionary each, in order."""

    def table(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run one statement; its rows as an Arrow table."""

    def append(self, table: str, rows: pa.RecordBatch) -> None:
        """Append Arrow rows to an existing table, column by name."""

    def has_table(self, name: str) -> bool: ...


class Database(Protocol):
    """The part of a warehouse that one kind of process writes: raw or published."""

    @property
    def poll_seconds(self) -> float:
        """Seconds between two polls of a thread that waits for a change."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Borrow a connection in autocommit mode."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction in which every statement sees the same state."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that holds the write lock; all or nothing."""

    def make_ready(self) -> None:
        """Set the database up before the first write; safe to repeat."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement on any connection."""

    def close(self) -> None: ...


class UploadedRows(Protocol):
    """The rows of the upload tables, as a transaction on the ledger sees them."""

    def append(self, table: Table, load_id: int, rows: pa.RecordBatch) -> None:
        """Append rows of a load, in their order."""

    def abandon(self, table: Table, load_id: int) -> None:
        """Remove the stored rows of a load."""

    def complete(self, table: Table, load_id: int) -> None:
        """Make the rows of a load durable before the ledger entry commits."""

    def newest(
        self, table: Table
    ) -> AbstractContextManager[tuple[int, Iterator[pa.Table]]]:
        """The newest row of each key that counts: how many, and batches of them.

        In the order of their loads; columns as in the contract.
        """


class Space(NamedTuple):
    """Bytes of storage: free, where that is known, and taken, by what takes them."""

    free: int | None
    taken: dict[str, int]


class ServerStore(Protocol):
    """A warehouse, for processes that load rows into it and answer from it.

    `packages` are the Python packages of the engine.
    """

    @property
    def packages(self) -> Sequence[str]: ...

    @property
    def raw(self) -> Database: ...

    @property
    def published(self) -> Database: ...

    def schema(self, run: Run) -> Schema:
        """The schema of the raw store, for statements run on `raw`."""

    def uploaded(self, connection: Connection) -> UploadedRows: ...

    def key_lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the lock of an Idempotency-Key; raises RequestInProgress."""

    def builder_is_running(self) -> bool:
        """Whether a process holds the builder's lock."""

    @property
    def at_work(self) -> AtWork: ...

    def published_stamp(self) -> Stamp:
        """Changes with each write to what is published."""

    def space(self) -> Space: ...

    def try_to_write(self) -> None:
        """Raise OSError or a problem where nothing can be stored."""

    def close(self) -> None: ...
