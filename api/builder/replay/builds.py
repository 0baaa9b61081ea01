"""Builds after a load that is like earlier loads, replayed without dbt.

dbt takes a second for a build that takes the database some hundredths of one. What dbt
sent in two builds that were alike makes a script (see `comparison`), which is replayed
in one transaction. Either it commits the build with all its facts, as dbt would, or it
leaves nothing and dbt builds.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from api.builder.replay.comparison import Recording, Statement, script_of
from api.builder.replay.script import FINISHED_AT, GIVEN, Script
from api.observability.logs import log_event
from api.warehouse.engines import BuilderStore
from api.warehouse.utc import utc_text

# Several, because loads of different kinds may alternate.
KEPT = 4


class ReplayedBuilds:
    """The scripts of one version of the project.

    `on_node` is called with each node that a replay comes to, and with "" at its end.
    """

    def __init__(self, engine: BuilderStore, on_node: Callable[[str], None]) -> None:
        self._engine = engine
        self._on_node = on_node
        self._scripts: deque[Script] = deque(maxlen=KEPT)
        self._recordings: deque[Recording] = deque(maxlen=KEPT)
        # Whether the last build was replayed and is not known to be published.
        self._is_in_doubt = False
        self._connection: Any = None

    @property
    def are_possible(self) -> bool:
        return self._engine.can_play

    def replay(self, open_connection: Callable[[], Any]) -> str | None:
        """Build on a new connection; returns the run's id, or None if no script fits.

        In that case the warehouse is unchanged.
        """
        if self._is_in_doubt:
            self.forget()
        for script in list(self._scripts):
            invocation_id = str(uuid.uuid4())
            try:
                self._replay(script, invocation_id, open_connection)
            except Exception as error:
                # dbt runs into the same error, and reports it.
                log_event("build_left_to_dbt", logging.DEBUG, error)
                continue
            finally:
                self._close()
            self._scripts.remove(script)
            self._scripts.appendleft(script)
            self._is_in_doubt = True
            log_event("built_without_dbt", logging.DEBUG, statements=len(script.steps))
            return invocation_id
        return None

    def _replay(
        self, script: Script, invocation_id: str, open_connection: Callable[[], Any]
    ) -> None:
        self._connection = open_connection()
        self._engine.begin_build(self._connection)
        script.replay(invocation_id, utc_text, self._send, self._on_node)
        self._connection.commit()

    def add(self, invocation_id: str, sent: Sequence[Statement]) -> None:
        """Add what dbt sent in a successful build."""
        run = self._engine.record.run_of(invocation_id)
        if run is None or run[FINISHED_AT] is None:
            return
        given = {name: run[name] for name in GIVEN}
        recording = Recording(given, sent)
        for earlier in self._recordings:
            if script := script_of(earlier, recording):
                self._scripts.appendleft(script)
                break
        self._recordings.appendleft(recording)

    def was_published(self) -> None:
        """The last build, replayed or not, was published."""
        self._is_in_doubt = False

    def forget(self) -> None:
        """Drop the scripts: the project has changed, or a replay was not published."""
        self._scripts.clear()
        self._recordings.clear()
        self._is_in_doubt = False

    def cancel(self) -> None:
        """Interrupt the running statement."""
        with suppress(Exception):
            interrupt(self._connection)

    def _send(
        self, sql: str, wants_rows: bool, limit: int | None
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        cursor = self._connection.cursor()
        cursor.execute(sql)
        columns = tuple(column[0] for column in cursor.description or ())
        if not wants_rows:
            return columns, []
        rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
        return columns, [tuple(row) for row in rows]

    def _close(self) -> None:
        self._on_node("")
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing rolls back what was not committed.
            with suppress(Exception):
                connection.close()


def interrupt(connection: Any) -> None:
    """Interrupt the running statement; drivers differ in the method's name."""
    end = getattr(connection, "interrupt", None) or connection.cancel
    end()
