"""A builder that runs when a day begins: it builds again what is of today."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from support.project import Edit

from api.builder import loop
from api.builder.heartbeat import Heart
from api.builder.invocation import Invocation
from api.config import Settings
from api.warehouse.engines import LEASE_OWNER, Position, Recovery

LAST = "2021-12-31T23:59:59.999Z"
FIRST, SAME, SECOND = (f"2022-01-0{day}Z" for day in ("1T00:00:00.000", "1T23", "2T07"))
SEEN = Position(3, 0)

Built = list[str]


class DayIsOver(Exception):
    """The end of the clock, which ends the loop."""


@pytest.fixture
def days_of_a_builder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Built]:
    """Run the loop until a clock ends; what the clock said at each build.

    All of it but the engine and dbt, on a warehouse that needs no build at first.
    """

    def run(*clock: str) -> Built:
        now, left, built = [LAST], list(clock), Built()

        def wait(_: float) -> bool:
            if not left:
                raise DayIsOver
            now[0] = left.pop(0)
            return False

        def build() -> Invocation:
            built.append(now[0])
            return Invocation("of dbt", True, "")

        engine = MagicMock(errors=(OSError,), transient=(), wait=wait)
        engine.position.return_value = SEEN
        engine.recover.return_value = Recovery()
        settings = Settings(warehouse_dir=tmp_path, project_dir=project)
        builder = loop.Builder(settings, engine, Heart())
        builder._look_at_project()
        engine.record.newest_build.return_value = {
            "status": "published",
            "owner": LEASE_OWNER,
            "project_digest": builder._watched.digest,
            "invocation_id": "earlier",
            "started_at": LAST,
            "last_load_id": SEEN.load_id,
            "last_request_id": SEEN.request_id,
        }
        monkeypatch.setattr(loop, "utc_text", lambda _=None: now[0])
        monkeypatch.setattr(builder, "_lineage", MagicMock())
        dbt_project = builder._dbt_project
        monkeypatch.setattr(dbt_project, "build", build)
        monkeypatch.setattr(dbt_project, "dbt", MagicMock())
        with pytest.raises(DayIsOver):
            builder.run()
        return built

    return run


def test_a_mart_of_today_is_built_again_when_a_day_begins_in_utc(
    days_of_a_builder: Callable[..., Built], edit: Edit
) -> None:
    edit("quarterly_hires.yml", "meta:\n", "meta:\n        refresh: daily\n")
    assert days_of_a_builder(LAST, FIRST, FIRST, SAME, SECOND, SECOND) == [
        FIRST,
        SECOND,
    ]


def test_a_new_day_is_nothing_to_build_for_where_no_mart_is_of_it(
    days_of_a_builder: Callable[..., Built],
) -> None:
    assert days_of_a_builder(FIRST, SECOND) == []
