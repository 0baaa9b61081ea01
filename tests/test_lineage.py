"""The page of the lineage: made once for each version of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.builder.lineage import LineagePage

ONE, OTHER = "1" * 64, "2" * 64


class Docs:
    """What makes the page, and counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.fails = False

    def __call__(self) -> str:
        self.made += 1
        return "" if self.fails else f"<html>{self.made}</html>\n"


def test_a_version_is_documented_once_whoever_publishes_it(tmp_path: Path) -> None:
    path, docs = tmp_path / "lineage.html", Docs()
    for digest, made in [(ONE, 1), (ONE, 1), (OTHER, 2), (OTHER, 2), (ONE, 3)]:
        # Another builder each time.
        page = LineagePage(path)
        page.follow(docs)
        page.published(digest)
        page.follow(docs)
        page.follow(docs)
        assert docs.made == made
        assert path.read_text().startswith(f"<html>{made}</html>")


def test_what_has_no_version_is_documented_each_time(tmp_path: Path) -> None:
    page, docs = LineagePage(tmp_path / "lineage.html"), Docs()
    for made in (1, 2):
        page.published("")
        page.follow(docs)
        assert docs.made == made


def test_the_page_stays_where_dbt_makes_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, docs = tmp_path / "lineage.html", Docs()
    page = LineagePage(path)
    page.published(ONE)
    page.follow(docs)
    shown, docs.fails = path.read_text(), True
    page.published(OTHER)
    page.follow(docs)
    assert path.read_text() == shown
    assert "the page of before stays" in caplog.text
