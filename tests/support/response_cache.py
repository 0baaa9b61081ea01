"""An application behind the response cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.errors import NotReady
from api.middleware.response_cache import ResponseCache
from api.warehouse.builds import Build

BUILD = Build(
    7, "seven", "", "published", "", True, "", "", 1, 0, [], [], rows={}, project=None
)


class Cached:
    """An application that counts what it is asked, behind the response cache."""

    def __init__(self, most_bytes: int = 100_000) -> None:
        self.build: Build | None = BUILD
        self.status = "200 OK"
        self.answered_by: int | None = None
        self.asked = 0
        self.cache = ResponseCache(self._app, self._served, most_bytes)

    def get(self, path: str = "/metrics/m", method: str = "GET", **parts: str) -> bytes:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, **parts}
        return b"".join(self.cache(environ, lambda *_: lambda _: None))

    def _served(self) -> Build:
        if self.build is None:
            raise NotReady("not yet")
        return self.build

    def _app(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked += 1
        number = self.answered_by or (self.build.build_id if self.build else 0)
        start(self.status, [("Build-Id", str(number))])
        return [f"{environ['PATH_INFO']} {self.asked}".encode()]
