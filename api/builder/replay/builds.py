"""Builds after a load that is like the loads before, played without dbt.

dbt spends a second on what takes the database some hundredths of it. What it has sent
in two alike builds is a script (see `likeness`), which is played in one transaction:
all of a build with its facts, as dbt would have left it, or nothing: then dbt builds.
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
from api.warehouse.engines import Building
from api.warehouse.utc import utc_text

# Loads of several kinds may take turns.
KEPT = 4


class PlayedBuilds:
    """The scripts of one version of the project.

    `goes_on_to` hears of each node that a played build comes to, and of its end.
    """

    def __init__(self, engine: Building, goes_on_to: Callable[[str], None]) -> None:
        self._engine = engine
        self._goes_on_to = goes_on_to
        self._scripts: deque[Script] = deque(maxlen=KEPT)
        self._recordings: deque[Recording] = deque(maxlen=KEPT)
        # Whether the last build was played, and nobody has said that it was published.
        self._is_in_doubt = False
        self._connection: Any = None

    @property
    def are_possible(self) -> bool:
        return self._engine.can_play

    def play(self, opened: Callable[[], Any]) -> str | None:
        """Build, on a connection that is opened for it; the build's id if that went.

        Otherwise nothing has happened.
        """
        if self._is_in_doubt:
            self.forget()
        for script in list(self._scripts):
            invocation_id = str(uuid.uuid4())
            try:
                self._play(script, invocation_id, opened)
            except Exception as error:
                # dbt meets the same, and tells it.
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

    def _play(
        self, script: Script, invocation_id: str, opened: Callable[[], Any]
    ) -> None:
        self._connection = opened()
        self._engine.begin_build(self._connection)
        script.play(invocation_id, utc_text, self._send, self._goes_on_to)
        self._connection.commit()

    def note(self, invocation_id: str, sent: Sequence[Statement]) -> None:
        """What dbt has sent in a build that went well."""
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
        """The last build was good, however it was made."""
        self._is_in_doubt = False

    def forget(self) -> None:
        """The project is another, or what was played has not been published."""
        self._scripts.clear()
        self._recordings.clear()
        self._is_in_doubt = False

    def cancel(self) -> None:
        """End the statement that is under way."""
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
        self._goes_on_to("")
        connection, self._connection = self._connection, None
        if connection is not None:
            # What was not committed goes with it.
            with suppress(Exception):
                connection.close()


def interrupt(connection: Any) -> None:
    """End the statement that is under way; each driver has a name of its own for it."""
    end = getattr(connection, "interrupt", None) or connection.cancel
    end()
