"""Which version of the project was built, where it is a git checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.checkout import AUTHOR, commit_all, git

from api.builder.checkout import Checkout
from api.contract.files import Project

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


def version_of(checkout: Checkout, project: Path, before: Any) -> Any:
    """As the builder asks, by the digest of the files as they are."""
    return checkout.version(str(Project(project).digests()), before)


def test_a_folder_outside_git_has_no_version(project: Path) -> None:
    assert version_of(Checkout(Project(project)), project, None) is None


def test_a_version_is_a_commit_and_what_differs_from_it(project: Path) -> None:
    commit = commit_all(project.parent)
    checkout = Checkout(Project(project))
    version = version_of(checkout, project, None)
    assert version is not None
    assert (version["commit"], version["author"]) == (commit, AUTHOR)
    assert version["committed_at"].endswith("Z")
    assert version["uncommitted_files"] == version["changed_files"] == []
    (project / MODEL).write_text("select 2 as one, 'changed'")
    (project / OTHER).write_text("select 2 as two")
    (project.parent / "elsewhere.sql").write_text("select 9")
    version = version_of(checkout, project, version)
    assert version is not None
    assert version["uncommitted_files"] == version["changed_files"] == [MODEL, OTHER]


def test_what_changed_counts_from_the_commit_that_was_published(project: Path) -> None:
    commit_all(project.parent)
    checkout = Checkout(Project(project))
    published = version_of(checkout, project, None)
    (project / OTHER).write_text("select 2 as two")
    later = commit_all(project.parent)
    version = version_of(checkout, project, published)
    assert version is not None
    assert (version["commit"], version["uncommitted_files"]) == (later, [])
    assert version["changed_files"] == [OTHER]
    git(project, "rm", "--quiet", MODEL)
    version = version_of(checkout, project, published)
    assert version is not None
    assert version["changed_files"] == [MODEL, OTHER]


def test_a_commit_that_is_not_there_any_more_hides_nothing(project: Path) -> None:
    commit_all(project.parent)
    (project / OTHER).write_text("select 2 as two")
    version = version_of(Checkout(Project(project)), project, {"commit": "0" * 40})
    assert version is not None
    assert version["changed_files"] == [OTHER]
