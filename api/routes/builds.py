"""Builds: what was built, what failed and why; starting and stopping one."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from flask import Blueprint, Response, jsonify, url_for
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.errors import BadParameter, NotFound, UndeclaredParameter, UnknownBuild
from api.openapi.operations import operation
from api.openapi.parts import answer, as_json, header_parameter, number_in_path
from api.openapi.problems import WRITE_PROBLEMS
from api.openapi.schemas import array_of
from api.routes.context import Context, context
from api.routes.parameters import (
    declared_only,
    newest_first,
    newest_first_parameters,
    preferences,
)
from api.warehouse import builds

bp = Blueprint("builds", __name__)


@with_config(extra="forbid")
class Failure(TypedDict):
    """A step of a build that did not pass."""

    name: Annotated[
        str,
        Field(
            description="The model, test or seed; else what failed as a whole.",
            examples=["not_null_quarterly_hires_year"],
        ),
    ]
    kind: Annotated[str, Field(examples=["test"])]
    words: Annotated[
        str,
        Field(
            description="What is wrong, in words that take no knowledge of dbt.",
            examples=["3 rows of quarterly_hires have no year."],
        ),
    ]
    file: Annotated[
        str | None,
        Field(
            description="Where to look in the project; null where nothing tells.",
            examples=["dbt_project/models/marts/quarterly_hires.yml"],
        ),
    ]
    line: Annotated[
        int | None,
        Field(
            ge=1,
            description="The line of that file, where it is known for certain.",
            examples=[12],
        ),
    ]
    status: Annotated[str, Field(examples=["fail", "error", "warn"])]
    rows: Annotated[int | None, Field(description="How many rows it complains of.")]
    message: Annotated[
        str | None,
        Field(
            description="The same as dbt, or a check of ours, put it; of a unit test,"
            " the rows that differ.",
            examples=["Got 3 results, configured to fail if != 0"],
        ),
    ]
    sample: Annotated[
        list[dict[str, Any]],
        Field(
            description="Up to five of those rows.",
            examples=[[{"year": None, "department": "Sales", "job": "Clerk"}]],
        ),
    ]


@with_config(extra="forbid")
class BuildBrief(TypedDict):
    """What an answer to a load tells of its build."""

    build_id: Annotated[int | None, Field(description="Null while it is pending.")]
    status: Literal["published", "not_published", "failed", "pending"]
    outcome: NotRequired[
        Annotated[str, Field(description="What became of it, in one sentence.")]
    ]
    failures: Annotated[
        list[Failure], Field(description="What failed, and warnings; worst first.")
    ]
    note: NotRequired[str]


@with_config(extra="forbid")
class Step(TypedDict):
    """A model, test or seed of a build."""

    name: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[str, Field(examples=["model"])]
    status: Annotated[str, Field(description="dbt's word.", examples=["success"])]
    seconds: Annotated[float, Field(ge=0, description="How long it took.")]


@with_config(extra="forbid")
class ProjectVersion(TypedDict):
    """What git says of the project that was built."""

    commit: Annotated[str, Field(examples=["9f2c4e1a7b30d58c6e41f0b2a9d3c7e815f6a240"])]
    author: Annotated[str, Field(examples=["Ann Example"])]
    committed_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    uncommitted_files: Annotated[
        list[str], Field(description="Files that are not as in that commit.")
    ]
    changed_files: Annotated[
        list[str],
        Field(
            description="Files that are not as in the commit that was published before."
        ),
    ]


@with_config(extra="forbid")
class JudgedBuild(TypedDict):
    """What became of a run of dbt."""

    build_id: Annotated[int, Field(ge=1, examples=[5])]
    status: Literal["published", "not_published", "failed"]
    outcome: Annotated[
        str,
        Field(
            description="What became of it, in one sentence.",
            examples=["Published departments_above_average, quarterly_hires."],
        ),
    ]
    run_by: Annotated[str, Field(examples=["the builder", "a terminal"])]
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]


@with_config(extra="forbid")
class Build(JudgedBuild):
    """A run of dbt, and the metrics that it published."""

    started_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]
    metrics: Annotated[
        list[str], Field(description="What it published; empty when it did not.")
    ]
    rows: Annotated[
        dict[str, Annotated[int, Field(ge=0)] | None],
        Field(
            description="How many rows each of them has; null if nobody counted.",
            examples=[{"departments_above_average": 7}],
        ),
    ]
    project: Annotated[
        ProjectVersion | None,
        Field(description="The version of it; null outside git, or by a terminal."),
    ]
    failures: Annotated[
        list[Failure], Field(description="What failed, and warnings; worst first.")
    ]


class BuildWithSteps(Build):
    """A build with the timing of each step."""

    steps: list[Step]


@with_config(extra="forbid")
class BuildAtWork(TypedDict):
    """The build that is under way, once a step of it takes longer than a second."""

    started_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    step: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[str, Field(description="What the step is.", examples=["model"])]
    since: Annotated[str, Field(description="When that step began: UTC, ISO 8601.")]


@bp.get("/builds")
@operation(
    "builds",
    "The latest builds, newest first",
    parameters=newest_first_parameters(20),
    responses={"200": answer("Newest first.", as_json(array_of(Build)))},
    raises=(UndeclaredParameter, BadParameter),
)
def list_builds() -> Response:
    latest = context().warehouse.builds.latest(*newest_first(20))
    return jsonify([build_document(build) for build in latest])


@bp.get("/builds/<number:build_id>")
@operation(
    "builds",
    "A build with its timings",
    parameters=[number_in_path("build_id")],
    responses={"200": answer("A build with its timings.", as_json(BuildWithSteps))},
    raises=(UndeclaredParameter, UnknownBuild, NotFound),
)
def get_build(build_id: int) -> Response:
    declared_only()
    return jsonify(build_with_steps(context().warehouse.builds.one(build_id)))


@bp.get("/builds/current")
@operation(
    "builds",
    "The build that is under way, and the step that it is at",
    responses={"200": answer("A build that takes its time.", as_json(BuildAtWork))},
    raises=(UndeclaredParameter, UnknownBuild),
)
def get_build_at_work() -> Response:
    declared_only()
    return jsonify(_current(context()))


@bp.delete("/builds/current")
@operation(
    "builds",
    "Stop the build that is under way",
    description="It ends within a second or two as one that failed; what was"
    " published before is served on. The next load or change has all built again.",
    responses={"202": answer("It is being stopped.", as_json(BuildAtWork))},
    raises=(UndeclaredParameter, UnknownBuild, *WRITE_PROBLEMS),
)
def stop_build() -> tuple[Response, int]:
    declared_only()
    at_work = _current(context())
    context().warehouse.engine.at_work.ask_to_stop()
    return jsonify(at_work), 202


@bp.post("/builds")
@operation(
    "builds",
    "Build, test and publish now",
    parameters=[
        header_parameter(
            "Prefer", {"type": "string"}, "`respond-async`, or `wait=5`. RFC 7240."
        )
    ],
    responses={
        "201": answer("It was built.", as_json(BuildWithSteps), ["Location"]),
        "202": answer("It will be built.", as_json(BuildBrief), ["Preference-Applied"]),
    },
    raises=(UndeclaredParameter, *WRITE_PROBLEMS),
)
def build_now() -> tuple[Response, int]:
    declared_only()
    preferred = preferences()
    request_id = context().warehouse.raw.request_build()
    build = None
    if not preferred.respond_async:
        build = context().wait_for_request(request_id, preferred.wait)
    if build is None:
        response = jsonify(build_brief(None, context().builder_is_running))
        if preferred.respond_async:
            response.headers["Preference-Applied"] = "respond-async"
        return response, 202
    response = jsonify(build_with_steps(build))
    response.headers["Location"] = url_for("builds.get_build", build_id=build.build_id)
    return response, 201


def at_work_document(context: Context) -> BuildAtWork | None:
    """The step of the build that is under way; None if no step takes long."""
    work = context.warehouse.engine.at_work.seen()
    # A builder that died leaves its step behind.
    if work is None or not context.builder_is_running:
        return None
    return {
        "started_at": work.build_since,
        "step": work.step,
        "kind": work.kind,
        "since": work.since,
    }


def _current(context: Context) -> BuildAtWork:
    at_work = at_work_document(context)
    if at_work is None:
        raise UnknownBuild(
            "No build is under way, or none of its steps has taken a second by now."
        )
    return at_work


def build_brief(
    build: builds.Build | None, builder_is_running: bool = True
) -> BuildBrief:
    """A build in the answer to a load."""
    if build is None:
        waiting = "A build that holds it is under way or will begin by itself."
        away = "No builder is running; start one with `python -m api builder`."
        note = waiting if builder_is_running else away
        return {"build_id": None, "status": "pending", "failures": [], "note": note}
    failures: list[Any] = build.failures
    return {
        "build_id": build.build_id,
        "status": build.status,
        "outcome": build.outcome,
        "failures": failures,
    }


def build_document(build: builds.Build) -> Build:
    """A build as HTTP returns it."""
    failures: list[Any] = build.failures
    project: Any = build.project
    return {
        "build_id": build.build_id,
        "status": build.status,
        "outcome": build.outcome,
        "run_by": build.owner,
        "started_at": build.started_at,
        "finished_at": build.finished_at,
        "last_load_id": build.last_load_id,
        "sample_data": build.is_sample,
        "metrics": list(build.rows),
        "rows": build.rows,
        "project": project,
        "failures": failures,
    }


def build_with_steps(build: builds.Build) -> BuildWithSteps:
    """A build as HTTP returns it, with the timing of each step."""
    steps: list[Any] = build.steps
    return {**build_document(build), "steps": steps}
