"""What the builder asks of an engine.

`server_store` is the other side of the same warehouse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from api.contract import Table
from api.warehouse.engines.at_work import AtWork
from api.warehouse.engines.server_store import Row

if TYPE_CHECKING:
    from api.warehouse.engines.misfits import Misfit
    from api.warehouse.engines.record import Record

# Whose lease the builder takes; see dbt_project/warehouse/take_lease.sql.
LEASE_OWNER = "the builder"


class AnotherBuilder(RuntimeError):
    """Another process builds this warehouse."""


@dataclass(frozen=True)
class Position:
    """How far the ledger has come: the newest load and the newest request to build."""

    load_id: int = 0
    request_id: int = 0


@dataclass(frozen=True)
class Recovery:
    """What an engine has found of damaged or lost databases.

    `is_whole` is False where what is served, or the models behind it, cannot be relied
    on: a build of everything is due. `set_aside` says that damaged databases were taken
    out of its way. `advice` says what only a person can repair, with a place for the
    error.
    """

    is_whole: bool = True
    set_aside: bool = False
    advice: str = ""


class Publishing(Protocol):
    """One transaction: the models and what is published, of one moment."""

    def states(self, marts: Sequence[str]) -> dict[str, tuple[str, int]]:
        """By model: the run that built it last, and the newest load in it.

        Locks `marts` against changes until the transaction ends; returns nothing at
        all if one of them is gone.
        """

    def documents(self) -> dict[str, Row]:
        """The documents of the marts that are published, by name."""

    def put(self, documents: Mapping[str, Row], invocation_id: str) -> Sequence[Misfit]:
        """Publish these marts as they are built, for a run, and no others.

        Publishes nothing where values are not of their types, and returns those.
        """

    def rows(self, marts: Iterable[str]) -> dict[str, int]:
        """How many rows each of these marts has, once they are published."""

    def record(self, build: Mapping[str, Any]) -> None:
        """Record the build in the same transaction."""


class BuilderStore(Protocol):
    """A warehouse, for its one builder."""

    @property
    def at_work(self) -> AtWork: ...

    @property
    def named_in_errors(self) -> re.Pattern[str]:
        """Finds the name that an error is about which a model's SQL has caused."""

    @property
    def dialect(self) -> str:
        """The name of its SQL dialect for parsers of SQL."""

    @property
    def can_play(self) -> bool:
        """Whether a whole build can be one transaction."""

    def begin_build(self, connection: Any) -> None:
        """Begin a transaction that reads one snapshot, on a connection of dbt's."""

    def publishing(self, invocation_id: str) -> AbstractContextManager[Publishing]:
        """A transaction in which a run is judged and published; all or nothing."""

    def drop_models(self, gone: Mapping[str, str]) -> None:
        """Drop the tables of models that have left the project: {model: its last run}.

        Keeps a model that a run has built since, and what is in use.
        """

    def operations_after(
        self, documents: Mapping[str, Row]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """The macros, with arguments, that dbt has to run once marts are published."""

    @property
    def transient(self) -> Sequence[str]:
        """Parts of the messages of errors that pass by themselves."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The exceptions that its methods raise when the warehouse cannot be used."""

    def only_builder(self) -> AbstractContextManager[None]:
        """Hold the builder's lock; raises AnotherBuilder."""

    def position(self) -> Position:
        """The newest numbers; zeros before the API has ever run here."""

    def wait(self, seconds: float) -> bool:
        """Wait until `position` may have moved or dbt has run, `seconds` at most.

        Returns False where neither has happened since the last call.
        """

    def prepare(self, tables: Sequence[Table]) -> None:
        """Bring the upload tables to the contract that is about to be built.

        The API does the same; whichever comes first. Raises ContractError.
        """

    def before_build(self) -> None:
        """Prepare what dbt needs, and remove what an earlier build left in its way."""

    def after_build(self) -> None:
        """Tidy up each time after dbt."""

    @property
    def record(self) -> Record: ...

    def recover(self, error: str = "") -> Recovery:
        """Set damaged databases aside that a build makes anew.

        Given the text of an error, looks for the damage that it may come from. Without
        one, checks that what is served can be read, which is cheap while it stays the
        same.
        """

    def is_as_left_by(self, invocation_id: str) -> bool:
        """Whether the models are as a build left them, and were built from this ledger.

        False where that is unknown.
        """
