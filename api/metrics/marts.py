"""The published marts: the rows that HTTP returns. Read only.

The builder writes them, all marts of a build in one transaction.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import pyarrow as pa

from api.metrics.catalogue import (
    Catalogue,
    Served,
    cast_rows,
    parameter_values,
    read_served,
)
from api.metrics.request import ResolvedRequest, resolve
from api.metrics.select import select
from api.warehouse.builds import newest_published, newest_published_run
from api.warehouse.engines import Connection, ServerStore, Stamp

# How long a commit may take from its first byte in the file until readers see it.
SETTLED_SECONDS = 2.0
# After how long the database is asked again, whether or not its files have changed.
TRUSTED_SECONDS = 1.0


class Marts:
    """The marts as they are published."""

    def __init__(self, engine: ServerStore) -> None:
        self._engine = engine
        self._database = engine.published
        # One value, replaced as a whole: threads never see parts of two.
        self._last: _LastRead | None = None
        self._reading = threading.Lock()
        self._catalogue: Catalogue | None = None
        self._listing = threading.Lock()

    def served(self) -> Served:
        """What is served now; raises NotReady before the first build is published.

        Reads the database only when its files have changed since it was last read. Then
        one thread reads it for all that called before.
        """
        called_at = time.monotonic()
        last = self._last
        if last is not None and last.is_current(self._engine.published_stamp()):
            return last.served
        with self._reading:
            last = self._last
            if last is not None and last.read_at >= called_at:
                return last.served
            stamp, read_at = self._engine.published_stamp(), time.monotonic()
            served = self._read(stamp)
            self._last = _LastRead(served, stamp, read_at)
            return served

    def rows(self, resolved: ResolvedRequest) -> tuple[ResolvedRequest, pa.Table]:
        """The rows of a request, with all columns of the mart.

        There may be one row past the query's limit. Types are those of the contract;
        dates and timestamps are ISO 8601 text in UTC. If another build was published
        meanwhile, the request is resolved again for that one: contract, rows and build
        always belong together. Raises NotReady and what `resolve` raises.
        """
        with self._database.reading() as connection:
            served = self._current(connection)
            if served.build is not resolved.build:
                resolved = resolve(resolved.request, served)
            mart, table = resolved.mart, resolved.metric.table
            sql = select(mart, table, resolved.query, connection.position)
            rows = connection.table(*sql)
        return resolved, cast_rows(rows, mart)

    def catalogue(self) -> Catalogue:
        """What is served now, with parameter values; raises NotReady.

        The values are read once per build and on demand, as that takes a whole mart.
        """
        with self._listing:
            catalogue = self._catalogue
            if catalogue is None or catalogue.served is not self.served():
                with self._database.reading() as connection:
                    served = self._current(connection)
                    values = {
                        endpoint: parameter_values(connection, metric)
                        for endpoint, metric in served.metrics.items()
                    }
                catalogue = self._catalogue = Catalogue(served, values)
            return catalogue

    def _read(self, stamp: Stamp) -> Served:
        last = self._last
        if last is not None and last.is_of_same_file(stamp):
            newest = newest_published_run(self._database)
            if newest == last.served.build.invocation_id:
                return last.served
        with self._database.reading() as connection:
            return self._current(connection)

    def _current(self, connection: Connection) -> Served:
        last = self._last
        build = newest_published(connection)
        run = build.invocation_id
        if last is not None and last.served.build.invocation_id == run:
            return last.served
        return read_served(connection, build)


@dataclass(frozen=True)
class _LastRead:
    """What was served when the database was last read, and the stamp of its files."""

    served: Served
    stamp: Stamp
    read_at: float

    def is_current(self, stamp: Stamp) -> bool:
        """Whether it is still what is served, judged by the files alone.

        Readers see a commit a little after its bytes are in the file, so a file that
        changed just now proves nothing.
        """
        if stamp is None:
            return False
        now = time.time_ns()
        settled = all(
            not 0 <= now - changed < SETTLED_SECONDS * 1e9 for _, _, changed in stamp
        )
        fresh = time.monotonic() - self.read_at < TRUSTED_SECONDS
        return stamp == self.stamp and settled and fresh

    def is_of_same_file(self, stamp: Stamp) -> bool:
        """Whether it was read from the same file, or that file is gone."""
        # Without a stamp the engine never replaces its database.
        if not stamp or self.stamp is None:
            return True
        return bool(self.stamp) and stamp[0][0] == self.stamp[0][0]
