"""Whether the files of a project have changed since the last look."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from api.builder import watch
from api.builder.watch import WatchedProject
from api.contract.files import Project

MODEL = "dbt_project/models/marts/one.sql"


def write(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text(text)


def replace(project: Path) -> None:
    """As many editors save, and the same size at the same moment as before."""
    before = (project / MODEL).stat()
    write(project, "one.new", "select 9 as one")
    os.utime(project / "one.new", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    (project / "one.new").replace(project / MODEL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(watch, "SETTLE_SECONDS", 0.01)
    write(tmp_path, MODEL, "select 1 as one")
    write(tmp_path, "elsewhere/calendar/models/days.sql", "select 1 as day")
    (tmp_path / "dbt_packages").mkdir()
    os.symlink(tmp_path / "elsewhere/calendar", tmp_path / "dbt_packages/calendar")
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        lambda project: write(project, MODEL, "select 2 as one, 2 as two"),
        replace,
        lambda project: (project / MODEL).unlink(),
        lambda project: (project / MODEL).rename(project / f"{MODEL[:-7]}two.sql"),
        lambda project: write(project, "dbt_project/models/a/b/c.sql", "select 1"),
        lambda project: write(project, "snapshots/people.yml", "snapshots: []"),
        lambda project: write(project, "selectors.yml", "selectors: []"),
        lambda project: write(project, ".dbtignore", "one.sql\n"),
        lambda project: write(
            project, "elsewhere/calendar/models/days.sql", "select 2 as day, 2 as two"
        ),
    ],
)
def test_a_change_is_seen_once(project: Path, change: Callable[[Path], None]) -> None:
    watched = WatchedProject(Project(project), "sqlite")
    assert watched.has_changed()
    assert not watched.has_changed()
    change(project)
    assert watched.has_changed()
    assert not watched.has_changed()


def test_what_dbt_does_not_read_is_no_change(project: Path) -> None:
    watched = WatchedProject(Project(project), "sqlite")
    watched.has_changed()
    write(project, "dbt_project/models/marts/._one.sql", "of macOS")
    write(project, "dbt_project/models/marts/notes.txt", "of mine")
    assert not watched.has_changed()
