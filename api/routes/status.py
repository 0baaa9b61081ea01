"""The status: what is served, how the last build ended, what is still to come.

Meant to be asked for every second by whoever shows the numbers: it is put together
twice a second at most, and answered 304 while nothing happens.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from flask import Blueprint, Response

from api.documents.service import FailedStep, LastBuild, ServedBuild, Status
from api.errors import NotReady
from api.routes.builds import at_work_document
from api.routes.context import Context
from api.routes.reading import NEWEST, declared_only
from api.routes.revalidation import etag_of, revalidated
from api.warehouse.builds import Build

# How old what is told may be.
FRESH_SECONDS = 0.5
# So many runs from terminals, of part of the project, may be newer than the last build.
LOOKED_AT = 20


def routes(context: Context) -> Blueprint:
    """The route of the status."""
    noun = Blueprint("status", __name__)
    look = _Look(context)

    @noun.get("/status")
    def status() -> Response:
        declared_only()
        content = look.content()
        return revalidated(etag_of(content), "application/json", lambda: content)

    return noun


class _Look:
    """The document as bytes, the same for all who ask at about the same time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looking = threading.Lock()
        self._content = b""
        self._old_at = 0.0

    def content(self) -> bytes:
        with self._looking:
            if time.monotonic() >= self._old_at:
                self._content = json.dumps(status_of(self._context)).encode()
                self._old_at = time.monotonic() + FRESH_SECONDS
            return self._content


def status_of(context: Context) -> Status:
    """How far things have come. Nothing in it grows old by itself."""
    warehouse = context.warehouse
    latest = warehouse.builds.latest(LOOKED_AT, NEWEST)
    settled = next((build for build in latest if build.settles), None)
    return {
        "build": _served(context),
        "last_build": _last(settled) if settled else None,
        "building": at_work_document(context),
        "newest_load_id": warehouse.watch.newest_load_id(),
        "builder": "running" if context.builder_is_running else "away",
        "complaints": list(context.complaints),
    }


def _served(context: Context) -> ServedBuild | None:
    try:
        build = context.marts.served().build
    except NotReady:
        return None
    return {
        "build_id": build.build_id,
        "finished_at": build.finished_at,
        "last_load_id": build.last_load_id,
        "loads": context.warehouse.watch.loads_in(build.last_load_id),
        "sample_data": build.is_sample,
    }


def _last(build: Build) -> LastBuild:
    """Without messages and samples, which may hold what rows say."""
    return {
        "build_id": build.build_id,
        "status": build.status,
        "outcome": build.outcome,
        "run_by": build.owner,
        "finished_at": build.finished_at,
        "failures": [_step(f) for f in build.failures if f["status"] != "warn"],
    }


def _step(failure: dict[str, Any]) -> FailedStep:
    return {
        "name": failure["name"],
        "kind": failure["kind"],
        "file": failure["file"],
    }
