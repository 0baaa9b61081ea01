"""The files of the pages: those in `static`, and those of installed packages.

Pages fetch nothing from other hosts, and no third-party file is in this repository.
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

# The files in `static` that are assets; HTML documents have paths of their own.
SUFFIXES = (".js", ".css", ".svg")
SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
# Compressing smaller files does not pay.
LEAST_GZIP_BYTES = 1_000


@dataclass(frozen=True)
class Asset:
    """A file that a page loads."""

    content: bytes
    media_type: str

    @cached_property
    def gzipped(self) -> bytes | None:
        """The content as gzip, if that is smaller."""
        if len(self.content) < LEAST_GZIP_BYTES:
            return None
        gzipped = gzip.compress(self.content, mtime=0)
        return gzipped if len(gzipped) < len(self.content) else None


class Assets:
    """All assets by name, each loaded when it is first requested.

    One per process; safe for use by many threads.
    """

    def __init__(self) -> None:
        self._loaders = {**_static_files(), **_swagger_ui(), "vega.js": _vega}
        self._loaded: dict[str, Asset] = {}
        self._loading = {name: threading.Lock() for name in self._loaders}

    def find(self, name: str) -> Asset | None:
        """The asset of this name, or None."""
        if name not in self._loaders:
            return None
        with self._loading[name]:
            if name not in self._loaded:
                kind, _ = guess_type(name)
                content = self._loaders[name]()
                self._loaded[name] = Asset(content, kind or "application/octet-stream")
            return self._loaded[name]


def html(name: str) -> bytes:
    """An HTML document of `static`."""
    return _static().joinpath(name).read_bytes()


def _static() -> Traversable:
    return files("api.pages").joinpath("static")


def _static_files() -> dict[str, Callable[[], bytes]]:
    loaders: dict[str, Callable[[], bytes]] = {}
    for folder in (_static(), _static().joinpath("page")):
        for file in folder.iterdir():
            if file.name.endswith(SUFFIXES):
                loaders[file.name] = file.read_bytes
    return loaders


def _swagger_ui() -> dict[str, Callable[[], bytes]]:
    shipped = files("flask_swagger_ui").joinpath("dist")
    return {name: shipped.joinpath(name).read_bytes for name in SWAGGER_UI}


def _vega() -> bytes:
    return browser_bundle().encode()
