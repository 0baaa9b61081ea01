"""Probes: whether the process is alive, and whether it is ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Literal

from flask import Blueprint, Response, jsonify
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.errors import Problem, UndeclaredParameter
from api.observability.logs import log_event
from api.openapi.operations import operation
from api.openapi.parts import MAX_ID, answer, as_json
from api.routes.context import Context, context
from api.routes.parameters import declared_only
from api.warehouse.stats import LEAST_FREE_BYTES

READY = "ready"

bp = Blueprint("health", __name__, url_prefix="/health")


@with_config(extra="forbid")
class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


@with_config(extra="forbid")
class Parts(TypedDict):
    """Each part: `ready`, `ready, but` what is wrong all the same, or what it lacks."""

    metrics: Annotated[str, Field(description="Whether a build is published.")]
    builder: Annotated[
        str, Field(description="Whether one runs, and how its last build ended.")
    ]
    store: Annotated[str, Field(description="Whether rows can be read and written.")]
    contract: Annotated[str, Field(description="Whether the project's YAML holds.")]
    disk: Annotated[str, Field(description="Whether there is room.")]


@with_config(extra="forbid")
class Readiness(TypedDict):
    """Whether it can do its work."""

    status: Literal["ready", "not ready"]
    parts: Parts


@bp.get("/live")
@operation(
    "service",
    "Whether the process answers",
    responses={"200": answer("Whether the process answers.", as_json(Alive))},
    raises=(UndeclaredParameter,),
)
def live() -> Response:
    declared_only()
    body: Alive = {"status": "alive"}
    return jsonify(body)


@bp.get("/ready")
@operation(
    "service",
    "Whether it can do its work",
    responses={
        "200": answer("It can.", as_json(Readiness)),
        "503": answer("It cannot; the parts tell why.", as_json(Readiness)),
    },
    raises=(UndeclaredParameter,),
)
def ready() -> tuple[Response, int]:
    declared_only()
    parts = parts_of(context())
    ok = all(str(part).startswith(READY) for part in parts.values())
    body: Readiness = {"status": "ready" if ok else "not ready", "parts": parts}
    return jsonify(body), 200 if ok else 503


def parts_of(context: Context) -> Parts:
    """The state of each part.

    A server without metrics to serve, a place to store rows, or a builder is not ready.
    A failed build or an invalid contract is only reported: the earlier numbers and
    contract are in force, and a server taken out of service would not serve them.
    """
    return {
        "metrics": _state("metrics", _metrics, context),
        "builder": _state("builder", _builder, context),
        "store": _state("store", _store, context),
        "contract": _state("contract", _contract, context),
        "disk": _state("disk", _disk, context),
    }


def _state(name: str, part: Callable[[Context], str], context: Context) -> str:
    """The state of a part; an error in it is logged, and the probe still answers."""
    try:
        return part(context)
    except Problem as problem:
        return problem.detail
    except Exception as error:
        log_event("not_ready", logging.ERROR, error, part=name)
        return "cannot be read; the log tells where that failed"


def _metrics(context: Context) -> str:
    context.marts.served()
    return READY


def _builder(context: Context) -> str:
    if not context.builder_is_running:
        return "no builder is running; start one with `python -m api builder`"
    building = context.warehouse.stats.building()
    notes = []
    last = building.last_build
    if last is not None and not last.published:
        notes.append(f"the last build was not published, see /builds/{last.build_id}")
    if building.waiting_seconds > context.settings.build_wait_seconds:
        notes.append(
            f"{building.waiting} loads wait to be published, the oldest since"
            f" {building.waiting_seconds:.0f} s"
        )
    return f"{READY}, but {'; '.join(notes)}" if notes else READY


def _store(context: Context) -> str:
    try:
        context.warehouse.engine.try_to_write()
    except OSError as error:
        return f"the warehouse's folder cannot be written to: {error.strerror}"
    context.warehouse.raw.loads(1, MAX_ID)
    return READY


def _contract(context: Context) -> str:
    count = len(context.defects)
    if not count:
        return READY
    return (
        f"{READY}, but the contract of before is in force: {count} complaints about the"
        " project's files, which `python -m api check` tells"
    )


def _disk(context: Context) -> str:
    free, least = context.warehouse.engine.space().free, LEAST_FREE_BYTES
    if free is None or free >= least:
        return READY
    return (
        f"{free >> 20} MiB are free for the warehouse, less than {least >> 20} MiB;"
        " make room on its disk"
    )
