"""What an engine is asked for: by whoever carries rows, and by the builder.

`carrying` and `building` are two sides of one warehouse, in processes of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from api.contract import Table
from api.engines.at_work import AtWork
from api.raw_schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from api.engines.misfits import Misfit
    from api.engines.record import Record

Row = dict[str, Any]
# What the store of the published marts looks like; None where that tells nothing.
Stamp = tuple[tuple[int, int, int], ...] | None


class Connection(Protocol):
    """A connection to a database, used by one thread at a time.

    `position` is the SQL function of a text and what is looked for in it, that gives
    where it is found, or 0. Statements bind their values to `?`. Every method raises
    the problems of `api.errors.service`.
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
    """The part of a warehouse that one kind of process writes."""

    @property
    def poll_seconds(self) -> float:
        """How long whoever waits for something in it may rest between two looks."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Borrow a connection, each statement of which stands for itself."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction in which every statement sees the same state."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that is the only one to write; all or nothing."""

    def make_ready(self) -> None:
        """Before the first write; again does no harm."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement on any connection."""

    def close(self) -> None: ...


class UploadedRows(Protocol):
    """The rows of the upload tables, as a transaction on the ledger sees them."""

    def append(self, table: Table, load_id: int, rows: pa.RecordBatch) -> None:
        """Store rows of a load, after those of it that are there, in their order."""

    def abandon(self, table: Table, load_id: int) -> None:
        """Take back what was stored of a load."""

    def complete(self, table: Table, load_id: int) -> None:
        """All rows of a load are there: make them last, ere the ledger counts them."""

    def newest(
        self, table: Table
    ) -> AbstractContextManager[tuple[int, Iterator[pa.Table]]]:
        """The newest row of each key that counts: how many, and some at a time.

        In the order in which they came; columns as in the contract.
        """


class Space(NamedTuple):
    """Room, in bytes: what is left, where that can be told, and what is taken."""

    free: int | None
    taken: dict[str, int]


class Carrying(Protocol):
    """A warehouse, as processes have it that carry rows to it and answer from it.

    `packages` are those that make the engine what it is.
    """

    @property
    def packages(self) -> Sequence[str]: ...

    @property
    def raw(self) -> Database: ...

    @property
    def published(self) -> Database: ...

    def schema(self, connection: Connection) -> Schema:
        """The schema of the raw store."""

    def uploaded(self, connection: Connection) -> UploadedRows: ...

    def key_lock(self, key: str) -> AbstractContextManager[None]:
        """Be the only one at work for a key; raises RequestInProgress."""

    def builder_is_running(self) -> bool:
        """Whether some process is the builder of this warehouse."""

    @property
    def at_work(self) -> AtWork: ...

    def published_stamp(self) -> Stamp:
        """Changes with each write to what is published."""

    def space(self) -> Space: ...

    def try_to_write(self) -> None:
        """Raise OSError or a problem where nothing can be stored."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Position:
    """How far the ledger has come: the newest load and the newest request to build."""

    load_id: int = 0
    request_id: int = 0


# Whose lease the builder takes; see dbt_project/warehouse/take_lease.sql.
LEASE_OWNER = "the builder"


class AnotherBuilder(RuntimeError):
    """Another process builds this warehouse."""


class Publishing(Protocol):
    """One transaction: the models and what is published, of one moment."""

    def states(self, marts: Sequence[str]) -> dict[str, tuple[str, int]]:
        """By model: the run that built it last, and the newest load in it.

        Of `marts` nothing changes from now on; none at all if one of them is gone.
        """

    def documents(self) -> dict[str, Row]:
        """What is told of the marts that are published, by name."""

    def put(self, documents: Mapping[str, Row], invocation_id: str) -> Sequence[Misfit]:
        """Publish these marts as they are built, for a run, and no others.

        Nothing, where values are not of their types: those are returned.
        """

    def rows(self, marts: Iterable[str]) -> dict[str, int]:
        """How many rows each of these marts has, which were just published."""

    def record(self, build: Mapping[str, Any]) -> None:
        """Record the build that this belongs to."""


class Building(Protocol):
    """A warehouse, as its one builder has it."""

    @property
    def at_work(self) -> AtWork: ...

    @property
    def named_in_errors(self) -> re.Pattern[str]:
        """Finds what an error is about that comes of the SQL of a model."""

    @property
    def can_play(self) -> bool:
        """Whether a whole build can be one transaction."""

    def begin_build(self, connection: Any) -> None:
        """Begin one that sees one moment, on a connection that dbt has opened."""

    def publishing(self, invocation_id: str) -> AbstractContextManager[Publishing]:
        """Judge a run: all of what is done in it, or nothing."""

    def drop_models(self, gone: Mapping[str, str]) -> None:
        """Drop tables of models that the project has no more: {model: its last run}.

        One that a run has built since stays, and so does what is in use.
        """

    def operations_after(
        self, documents: Mapping[str, Row]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """What dbt has to be asked for once marts are published: macros, arguments."""

    @property
    def transient(self) -> Sequence[str]:
        """Of errors that pass by themselves, what their messages say."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its methods raise where something is wrong with it."""

    def only_builder(self) -> AbstractContextManager[None]:
        """Be its builder; raises AnotherBuilder."""

    def position(self) -> Position:
        """The newest numbers, zeros before the API has ever run here."""

    def wait(self, seconds: float) -> bool:
        """Wait until `position` may have moved, or dbt been run, and no longer.

        False where that has not happened since the last call.
        """

    def prepare(self, tables: Sequence[Table]) -> None:
        """Bring the upload tables to the contract that is about to be built.

        The API does so too: whichever comes first. Raises ContractError.
        """

    def before_build(self) -> None:
        """See to it that dbt finds what it needs, and nothing that is in its way."""

    def after_build(self) -> None:
        """What is to be done each time after dbt."""

    @property
    def record(self) -> Record: ...

    def hints_at_damage(self, message: str) -> bool:
        """Whether an error may come from what is stored being damaged."""

    def mend(self) -> bool:
        """Take what is damaged out of the way; whether there was anything."""

    def beyond_mending(self) -> str | None:
        """What only a person can mend, as a text with a place for the error."""

    def is_whole(self) -> bool:
        """Whether what is served can be read."""

    def is_as_left_by(self, invocation_id: str) -> bool:
        """Whether the models are as a build left them, and that built on this ledger.

        False wherever that cannot be told.
        """

    def release(self) -> None:
        """Let go of what may be replaced."""
