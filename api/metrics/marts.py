"""The published marts: the rows that HTTP answers with. Read only.

The builder writes them, all marts of a build in one transaction.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import pyarrow as pa

from api.metrics.catalogue import Listed, Served, served_by, typed, values_of
from api.metrics.request import ResolvedRequest, resolve
from api.metrics.select import select
from api.warehouse.builds import newest_published, newest_published_run
from api.warehouse.engines import Connection, ServerStore, Stamp

# How long a commit may take from its first byte in the file until readers see it.
SETTLED_SECONDS = 2.0
# How old what we know without having asked may be, whatever the files say.
TRUSTED_SECONDS = 1.0


class Marts:
    """The marts as they are published."""

    def __init__(self, engine: ServerStore) -> None:
        self._engine = engine
        self._database = engine.published
        # One value, replaced as a whole: threads never see parts of two.
        self._known: _Known | None = None
        self._asking = threading.Lock()
        self._listed: Listed | None = None
        self._listing = threading.Lock()

    def served(self) -> Served:
        """What is served now; raises NotReady before the first build is published.

        Asks the database only when its files have changed since it was last asked.
        Then one thread asks for all who came before it asked.
        """
        came_at = time.monotonic()
        known = self._known
        if known is not None and known.holds(self._engine.published_stamp()):
            return known.served
        with self._asking:
            known = self._known
            if known is not None and known.asked_at >= came_at:
                return known.served
            stamp, asked_at = self._engine.published_stamp(), time.monotonic()
            served = self._ask(stamp)
            self._known = _Known(served, stamp, asked_at)
            return served

    def rows(self, resolved: ResolvedRequest) -> tuple[ResolvedRequest, pa.Table]:
        """The rows that a request asks for, with all columns of the mart.

        Past the query's limit there may be one row more. Types are those of the
        contract; dates and timestamps are ISO 8601 text in UTC. Where another build was
        published meanwhile, the request is put to that one: contract, rows and build
        always belong together. Raises NotReady and what `resolve` raises.
        """
        with self._database.reading() as connection:
            served = self._current(connection)
            if served.build is not resolved.build:
                resolved = resolve(resolved.request, served)
            mart, table = resolved.mart, resolved.metric.table
            sql = select(mart, table, resolved.query, connection.position)
            rows = connection.table(*sql)
        return resolved, typed(rows, mart)

    def listed(self) -> Listed:
        """What is served now, with its values, which are looked for once per build.

        Not before somebody asks: a large mart has to be read whole. Raises NotReady.
        """
        with self._listing:
            known = self._listed
            if known is None or known.served is not self.served():
                with self._database.reading() as connection:
                    served = self._current(connection)
                    values = {
                        endpoint: values_of(connection, metric)
                        for endpoint, metric in served.metrics.items()
                    }
                known = self._listed = Listed(served, values)
            return known

    def _ask(self, stamp: Stamp) -> Served:
        known = self._known
        if known is not None and known.is_of_same_file(stamp):
            newest = newest_published_run(self._database)
            if newest == known.served.build.invocation_id:
                return known.served
        with self._database.reading() as connection:
            return self._current(connection)

    def _current(self, connection: Connection) -> Served:
        known = self._known
        build = newest_published(connection)
        run = build.invocation_id
        if known is not None and known.served.build.invocation_id == run:
            return known.served
        return served_by(connection, build)


@dataclass(frozen=True)
class _Known:
    """What was served when the database was last asked, and its files then."""

    served: Served
    stamp: Stamp
    asked_at: float

    def holds(self, stamp: Stamp) -> bool:
        """Whether it cannot be otherwise by now, going by the files alone.

        A commit is written first and seen by readers a little later: what was asked
        for in between does not count.
        """
        if stamp is None:
            return False
        now = time.time_ns()
        settled = all(
            not 0 <= now - changed < SETTLED_SECONDS * 1e9 for _, _, changed in stamp
        )
        fresh = time.monotonic() - self.asked_at < TRUSTED_SECONDS
        return stamp == self.stamp and settled and fresh

    def is_of_same_file(self, stamp: Stamp) -> bool:
        """Whether it was read from the very file, or that was taken away since."""
        if stamp is None or self.stamp is None:
            # What its engine keeps is not made anew behind our back.
            return True
        return stamp[:1] == () or [s[0] for s in stamp[:1]] == [
            s[0] for s in self.stamp[:1]
        ]
