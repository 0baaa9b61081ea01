"""The page about the lineage: dbt's own docs of the project that is published."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from api.project import Fingerprint

log = logging.getLogger("builder")


class LineagePage:
    """The page at a path, made again for each version of the project."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shows: Fingerprint | None = None
        self._is_old = False

    def stands(self, project: Fingerprint | None) -> None:
        """This version was published before: the page, if there is one, is of it."""
        if self._path.exists():
            self._shows = project
        else:
            self._is_old = True

    def published(self, project: Fingerprint | None) -> None:
        """This version was published just now."""
        self._is_old = self._shows != project

    def follow(self, project: Fingerprint | None, document: Callable[[], str]) -> None:
        """Make the page if it is of another version than what is published."""
        if not self._is_old:
            return
        self._is_old = False
        page = document()
        new = self._path.with_suffix(".new")
        try:
            if page:
                new.write_text(page, encoding="utf-8")
                new.replace(self._path)
        except OSError as error:
            page = ""
            log.warning("the page of the lineage cannot be written: %s", error)
        if page:
            self._shows = project
        else:
            log.warning("no docs of the project; the page of before stays")
