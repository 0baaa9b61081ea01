"""The lineage page: dbt's docs of the published project."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger("builder")


class LineagePage:
    """The page at a path, made again for each version of the project.

    The page ends with a comment that names its version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = b""
        self._is_old = False

    def published(self, digest: str) -> None:
        """Note the digest of the published project; empty if unknown."""
        self._version = f"<!-- project {digest} -->\n".encode()
        self._is_old = not digest or self._end() != self._version

    def follow(self, document: Callable[[], str]) -> None:
        """Make the page if it is of another version than the published project."""
        if not self._is_old:
            return
        self._is_old = False
        page = document()
        new = self._path.with_suffix(".new")
        try:
            if page:
                new.write_bytes(page.encode() + self._version)
                new.replace(self._path)
        except OSError as error:
            page = ""
            log.warning("the page of the lineage cannot be written: %s", error)
        if not page:
            log.warning("no docs of the project; the page of before stays")

    def _end(self) -> bytes:
        """The end of the page, as long as the version; empty without a page."""
        with suppress(OSError), self._path.open("rb") as page:
            page.seek(-len(self._version), os.SEEK_END)
            return page.read()
        return b""
