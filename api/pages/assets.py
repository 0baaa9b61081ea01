"""What our pages consist of: our own files, and what installed packages ship.

Nothing is fetched from anywhere, and nobody else's file is kept in this repository.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from api.formats.charts import browser_bundle

# Ours are all files of these kinds; documents stand under addresses of their own.
KINDS = (".js", ".css", ".svg")
SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
# Smaller ones are not worth unpacking.
LEAST_PACKED_BYTES = 1_000


@dataclass(frozen=True)
class Asset:
    """A file that a page asks for."""

    content: bytes
    media_type: str

    @cached_property
    def packed(self) -> bytes | None:
        """The content as gzip, where that is smaller."""
        if len(self.content) < LEAST_PACKED_BYTES:
            return None
        packed = gzip.compress(self.content, mtime=0)
        return packed if len(packed) < len(self.content) else None


class Assets:
    """All assets by name, each read or made when it is first asked for.

    One per process; safe for use by many threads.
    """

    def __init__(self) -> None:
        self._makers = {**_ours(), **_of_swagger_ui(), "vega.js": _vega}
        self._made: dict[str, Asset] = {}
        self._making = {name: threading.Lock() for name in self._makers}

    def find(self, name: str) -> Asset | None:
        """The asset of this name, or None when there is none."""
        if name not in self._makers:
            return None
        with self._making[name]:
            if name not in self._made:
                kind, _ = guess_type(name)
                content = self._makers[name]()
                self._made[name] = Asset(content, kind or "application/octet-stream")
            return self._made[name]


def document(name: str) -> bytes:
    """One of our HTML documents."""
    return _static().joinpath(name).read_bytes()


def _static() -> Traversable:
    return files("api.pages").joinpath("static")


def _ours() -> dict[str, Callable[[], bytes]]:
    found: dict[str, Callable[[], bytes]] = {}
    for folder in (_static(), _static().joinpath("page")):
        for file in folder.iterdir():
            if file.name.endswith(KINDS):
                found[file.name] = file.read_bytes
    return found


def _of_swagger_ui() -> dict[str, Callable[[], bytes]]:
    shipped = files("flask_swagger_ui").joinpath("dist")
    return {name: shipped.joinpath(name).read_bytes for name in SWAGGER_UI}


def _vega() -> bytes:
    return browser_bundle().encode()
