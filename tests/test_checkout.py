"""Which version of the project was built, where it is a git checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.checkout import AUTHOR, commit_all, git

from api.builder.checkout import Checkout
from api.project import Project

MODEL = "dbt_project/models/one.sql"
OTHER = "dbt_project/models/two.sql"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of a repository, as where the product is part of something larger."""
    folder = tmp_path / "repository" / "hiring"
    (folder / MODEL).parent.mkdir(parents=True)
    (folder / MODEL).write_text("select 1 as one")
    (folder.parent / "elsewhere.sql").write_text("select 0")
    return folder


def test_a_folder_outside_git_has_no_version(project: Path) -> None:
    assert Checkout(Project(project)).version(None) is None


def test_a_version_is_a_commit_and_what_differs_from_it(project: Path) -> None:
    commit = commit_all(project.parent)
    checkout = Checkout(Project(project))
    version = checkout.version(None)
    assert version is not None
    assert (version["commit"], version["author"]) == (commit, AUTHOR)
    assert version["committed_at"].endswith("Z")
    assert version["uncommitted_files"] == version["changed_files"] == []
    (project / MODEL).write_text("select 2 as one, 'changed'")
    (project / OTHER).write_text("select 2 as two")
    (project.parent / "elsewhere.sql").write_text("select 9")
    version = checkout.version(version)
    assert version is not None
    assert version["uncommitted_files"] == version["changed_files"] == [MODEL, OTHER]


def test_what_changed_counts_from_the_commit_that_was_published(project: Path) -> None:
    commit_all(project.parent)
    checkout = Checkout(Project(project))
    published = checkout.version(None)
    (project / OTHER).write_text("select 2 as two")
    later = commit_all(project.parent)
    version = checkout.version(published)
    assert version is not None
    assert (version["commit"], version["uncommitted_files"]) == (later, [])
    assert version["changed_files"] == [OTHER]
    git(project, "rm", "--quiet", MODEL)
    version = checkout.version(published)
    assert version is not None
    assert version["changed_files"] == [MODEL, OTHER]


def test_a_commit_that_is_not_there_any_more_hides_nothing(project: Path) -> None:
    commit_all(project.parent)
    (project / OTHER).write_text("select 2 as two")
    version = Checkout(Project(project)).version({"commit": "0" * 40})
    assert version is not None
    assert version["changed_files"] == [OTHER]
