"""Builds: what was built, what failed and why; and asking for one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, url_for

from api.documents.builds import Build as BuildDocument
from api.documents.builds import BuildAtWork, BuildBrief, BuildWithSteps
from api.errors import UnknownBuild
from api.routes.context import Context
from api.routes.reading import declared_only, newest_first, preferences
from api.warehouse.builds import Build


def routes(context: Context) -> Blueprint:
    """The routes of builds."""
    noun = Blueprint("builds", __name__)
    builds = context.warehouse.builds

    @noun.get("/builds")
    def list_builds() -> Response:
        found = builds.latest(*newest_first(20))
        return jsonify([_summary(build) for build in found])

    @noun.get("/builds/<number:build_id>")
    def one_build(build_id: int) -> Response:
        declared_only()
        build = builds.one(build_id)
        return jsonify(_whole(build))

    @noun.get("/builds/current")
    def build_at_work() -> Response:
        declared_only()
        return jsonify(_current(context))

    @noun.delete("/builds/current")
    def stop_build() -> tuple[Response, int]:
        declared_only()
        at_work = _current(context)
        context.warehouse.engine.at_work.ask_to_stop()
        return jsonify(at_work), 202

    @noun.post("/builds")
    def build_now() -> tuple[Response, int]:
        declared_only()
        wanted = preferences()
        request_id = context.warehouse.raw.request_build()
        build = None
        if not wanted.respond_async:
            build = context.wait_for_request(request_id, wanted.wait)
        if build is None:
            response = jsonify(build_brief(None, context.builder_is_running))
            if wanted.respond_async:
                response.headers["Preference-Applied"] = "respond-async"
            return response, 202
        response = jsonify(_whole(build))
        response.headers["Location"] = url_for(
            "builds.one_build", build_id=build.build_id
        )
        return response, 201

    return noun


def at_work_document(context: Context) -> BuildAtWork | None:
    """What a build that takes its time is at; None if there is none."""
    work = context.warehouse.engine.at_work.seen()
    # One that died has left its work behind.
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


def build_brief(build: Build | None, builder_is_running: bool = True) -> BuildBrief:
    """What the answer to a load tells of its build."""
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


def _summary(build: Build) -> BuildDocument:
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


def _whole(build: Build) -> BuildWithSteps:
    steps: list[Any] = build.steps
    return {**_summary(build), "steps": steps}
