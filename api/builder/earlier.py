"""What earlier builds have done, so that it need not be done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from api.builder.watch import WatchedProject
from api.warehouse.engines import LEASE_OWNER, BuilderStore, Position

if TYPE_CHECKING:
    from api.builder.dbt import Dbt


class EarlierBuilds:
    """The recorded builds of a warehouse, compared with a project's digest."""

    def __init__(self, engine: BuilderStore) -> None:
        self._engine = engine
        self._record = engine.record

    def adopt(self, project: WatchedProject, dbt: Callable[[], Dbt]) -> None:
        """Set the digest of the last build, if a terminal made it of this project.

        That is certain if dbt parsed the same project there as here and no file is
        newer than the build.
        """
        build = self._record.newest_build()
        is_known = build.get("owner") == LEASE_OWNER or build.get("project_digest")
        if build.get("status") != "published" or is_known:
            return
        run = self._record.run_of(build["invocation_id"])
        if run is None or not run["nodes"] or project.changed_since(run["started_at"]):
            return
        results = self._record.results_of(run["invocation_id"])
        ran = {result["unique_id"] for result in results}
        if dbt().has_read(json.loads(run["nodes"]), run["macros"], ran):
            self._record.note_digest(build["invocation_id"], project.digest)

    def is_up_to_date(self, digest: str, position: Position) -> bool:
        """Whether a build would publish what is already published.

        The last build has to be of this digest and of all loads, and its tables
        unchanged: a run from a terminal, or damage, may have changed them.
        """
        newest = self._record.newest_build()
        return self._stands(digest, newest) and position == Position(
            newest["last_load_id"], newest["last_request_id"]
        )

    def stands(self, digest: str) -> bool:
        """Whether the last build published this digest and no run of dbt followed.

        Then its seeds are still there, whatever was loaded since.
        """
        return self._stands(digest, self._record.newest_build())

    def is_untouched(self) -> bool:
        """Whether no run of dbt has followed the last published build."""
        return self._is_untouched(self._record.newest_build(published=True))

    def _stands(self, digest: str, build: dict[str, Any]) -> bool:
        is_of_digest = build.get("project_digest") == digest != ""
        return is_of_digest and self._is_untouched(build)

    def _is_untouched(self, build: dict[str, Any]) -> bool:
        if build.get("status") != "published":
            return False
        return self._engine.is_as_left_by(build["invocation_id"])
