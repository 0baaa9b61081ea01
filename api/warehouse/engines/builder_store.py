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


class BuilderStore(Protocol):
    """A warehouse, as its one builder has it."""

    @property
    def at_work(self) -> AtWork: ...

    @property
    def named_in_errors(self) -> re.Pattern[str]:
        """Finds what an error is about that comes of the SQL of a model."""

    @property
    def dialect(self) -> str:
        """What parsers of SQL call its own."""

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

    def recover(self, error: str = "") -> Recovery:
        """Set aside what is damaged of what a build makes anew.

        With the text of an error: after it, to find what may be behind it. Without: to
        see whether what is served can still be read, which takes little time as long as
        it has not changed.
        """

    def is_as_left_by(self, invocation_id: str) -> bool:
        """Whether the models are as a build left them, and that built on this ledger.

        False wherever that cannot be told.
        """
