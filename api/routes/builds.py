"""Builds: what was built, what failed and why; and asking for one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, url_for

from api.context import Context
from api.documents.builds import Build as BuildDocument
from api.documents.builds import BuildBrief, BuildWithSteps
from api.routes.reading import declared_only, newest_first, preferences
from api.warehouse import Build


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
        "status": "published" if build.published else "failed",
        "failures": failures,
    }


def _summary(build: Build) -> BuildDocument:
    failures: list[Any] = build.failures
    return {
        "build_id": build.build_id,
        "status": "published" if build.published else "failed",
        "started_at": build.started_at,
        "finished_at": build.finished_at,
        "last_load_id": build.last_load_id,
        "sample_data": build.is_sample,
        "metrics": build.marts,
        "failures": failures,
    }


def _whole(build: Build) -> BuildWithSteps:
    steps: list[Any] = build.steps
    return {**_summary(build), "steps": steps}
