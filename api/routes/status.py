"""The status: what is served, how the last build ended, what is still to be built.

Pages poll it every second: the document is made at most twice a second, and the answer
is 304 while nothing changes.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Annotated, Any, Literal, cast

from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.errors import NotReady, UndeclaredParameter
from api.openapi.operations import operation
from api.openapi.parts import MAX_ID, as_json, revalidated_responses
from api.routes.builds import BuildAtWork, JudgedBuild, at_work_document
from api.routes.context import Context, context
from api.routes.parameters import declared_only
from api.routes.revalidation import etag_of, revalidated
from api.warehouse.builds import Build

# How old the document can be.
FRESH_SECONDS = 0.5
# How many builds to search for the last whole one: terminals also build parts.
SEARCHED_BUILDS = 20

bp = Blueprint("status", __name__)


@with_config(extra="forbid")
class ServedBuild(TypedDict):
    """The build whose numbers are served."""

    build_id: Annotated[int, Field(ge=1)]
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    loads: Annotated[int, Field(ge=0, description="How many loads count in it.")]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]


@with_config(extra="forbid")
class FailedStep(TypedDict):
    """A step that kept a build from being published; `/builds` tells why."""

    name: str
    kind: str
    file: str | None


@with_config(extra="forbid")
class LastBuild(JudgedBuild):
    """The build that ended last, served or not; part of the project is none."""

    failures: Annotated[list[FailedStep], Field(description="Warnings left out.")]


@with_config(extra="forbid")
class Status(TypedDict):
    """How far things have come; the same until something happens."""

    build: Annotated[
        ServedBuild | None, Field(description="Null before the first was published.")
    ]
    last_build: LastBuild | None
    building: Annotated[
        BuildAtWork | None,
        Field(description="Null while no step takes longer than a second."),
    ]
    newest_load_id: Annotated[int, Field(description="The ledger's newest entry.")]
    builder: Annotated[
        Literal["running", "away"],
        Field(description="Without one nothing that is loaded is ever built."),
    ]
    complaints: Annotated[
        list[str],
        Field(description="About the project's YAML, while what it said before holds."),
    ]


class _CachedStatus:
    """The document as bytes, made again after FRESH_SECONDS."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._content = b""
        self._expires_at = 0.0

    def content(self) -> bytes:
        with self._making:
            if time.monotonic() >= self._expires_at:
                self._content = json.dumps(status_of(context())).encode()
                self._expires_at = time.monotonic() + FRESH_SECONDS
            return self._content


@bp.record_once
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["status"] = _CachedStatus()


@bp.get("/status")
@operation(
    "service",
    "What is served, how the last build ended, and what is still to come",
    responses=revalidated_responses(
        "What is served, how the last build ended, and what is still to come.",
        as_json(Status),
    ),
    raises=(UndeclaredParameter,),
)
def status() -> Response:
    declared_only()
    content = cast(_CachedStatus, current_app.extensions["status"]).content()
    return revalidated(etag_of(content), "application/json", lambda: content)


def status_of(context: Context) -> Status:
    """The status; nothing in it changes with time alone."""
    warehouse = context.warehouse
    latest = warehouse.builds.latest(SEARCHED_BUILDS, MAX_ID)
    settled = next((build for build in latest if build.settles), None)
    return {
        "build": _served(context),
        "last_build": _last_build(settled) if settled else None,
        "building": at_work_document(context),
        "newest_load_id": warehouse.stats.newest_load_id(),
        "builder": "running" if context.builder_is_running else "away",
        "complaints": list(context.defects),
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
        "loads": context.warehouse.stats.loads_in(build.last_load_id),
        "sample_data": build.is_sample,
    }


def _last_build(build: Build) -> LastBuild:
    """The build without messages and samples, which may quote rows."""
    return {
        "build_id": build.build_id,
        "status": build.status,
        "outcome": build.outcome,
        "run_by": build.owner,
        "finished_at": build.finished_at,
        "failures": [_failed_step(f) for f in build.failures if f["status"] != "warn"],
    }


def _failed_step(failure: dict[str, Any]) -> FailedStep:
    return {
        "name": failure["name"],
        "kind": failure["kind"],
        "file": failure["file"],
    }
