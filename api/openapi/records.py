"""The records: loads with their rejects, and builds."""

from __future__ import annotations

from typing import Any

from api import errors
from api.openapi.loading import KEY, OBSTACLES, PREFER, answers
from api.openapi.parts import (
    answer,
    as_json,
    header_parameter,
    problems,
    query,
    whole_number,
)
from api.openapi.schemas import INT64, array_of, ref

Node = dict[str, Any]

NEWEST = INT64["maximum"]
# The most that the framework's own reading of an address takes for a number.
NUMBER = whole_number(0, NEWEST)


def paths() -> Node:
    """The ledger and the record of builds."""
    return {
        "/loads": {"get": _list("loads", "Load", 100)},
        "/loads/{load_id}": {
            "get": _one("load", "LoadWithBuild", "a load and its build"),
            "delete": _undo(),
        },
        "/loads/{load_id}/rejects": {"get": _rejects()},
        "/builds": {"get": _list("builds", "Build", 20), "post": _build_now()},
        "/builds/current": {"get": _at_work(), "delete": _stop()},
        "/builds/{build_id}": {
            "get": _one("build", "BuildWithSteps", "a build with its timings")
        },
    }


def _list(noun: str, schema: str, default: int) -> Node:
    return {
        "operationId": f"list_{noun}",
        "tags": [noun],
        "summary": f"The latest {noun}, newest first",
        "parameters": [
            query("limit", whole_number(1, 1000, default), "At most so many."),
            query("before", whole_number(1, NEWEST), "Only those of a lower number."),
        ],
        "responses": {
            "200": answer("Newest first.", as_json(array_of(ref(schema)))),
            **problems(errors.UndeclaredParameter, errors.BadParameter),
        },
    }


def _one(noun: str, schema: str, what: str) -> Node:
    unknown = errors.UnknownLoad if noun == "load" else errors.UnknownBuild
    return {
        "operationId": f"get_{noun}",
        "tags": [f"{noun}s"],
        "summary": what.capitalize(),
        "parameters": [_number(f"{noun}_id")],
        "responses": {
            "200": answer(what.capitalize() + ".", as_json(ref(schema))),
            **problems(errors.UndeclaredParameter, unknown, errors.NotFound),
        },
    }


def _undo() -> Node:
    return {
        "operationId": "undo_load",
        "tags": ["loads"],
        "summary": "Undo a load, or the undo of one",
        "description": "The load is taken out as if it had never been: earlier"
        " versions of its rows come back. The ledger keeps both, the undo as an entry"
        " of its own, and deleting that brings the load back. Where it is so already,"
        " the entry that made it so is answered.",
        "parameters": [_number("load_id"), PREFER, KEY],
        "responses": answers(errors.UnknownLoad, errors.NotFound),
    }


def _rejects() -> Node:
    page = as_json(ref("RejectsPage"))
    file = {"text/csv": {"schema": {"type": "string"}}}
    return {
        "operationId": "list_rejects",
        "tags": ["loads"],
        "summary": "The refused rows of a load, as JSON or as a CSV file to mend",
        "description": "The CSV file has the table's columns, then `_line` and"
        " `_reasons`. Mended, it can be uploaded as it is.",
        "parameters": [
            _number("load_id"),
            query("limit", whole_number(1, 10_000, 1000), "Rejects on a page of JSON."),
            query("after", whole_number(0, NEWEST, 0), "Where a page begins."),
            query(
                "format",
                {"type": "string", "enum": ["json", "csv"]},
                "Instead of the Accept header.",
            ),
            query(
                "spreadsheet",
                {"type": "boolean", "default": False},
                "CSV whose cells no spreadsheet takes for formulas. It is to be looked"
                " at: mend and upload the one without.",
            ),
        ],
        "responses": {
            "200": answer("The rejects.", page | file, ["Content-Disposition"]),
            **problems(
                errors.UndeclaredParameter,
                errors.BadParameter,
                errors.UnknownLoad,
                errors.UnknownTable,
                errors.NotFound,
                errors.NotAcceptable,
            ),
        },
    }


def _build_now() -> Node:
    prefer = header_parameter(
        "Prefer", {"type": "string"}, "`respond-async`, or `wait=5`. RFC 7240."
    )
    built = as_json(ref("BuildWithSteps"))
    return {
        "operationId": "build_now",
        "tags": ["builds"],
        "summary": "Build, test and publish now",
        "parameters": [prefer],
        "responses": {
            "201": answer("It was built.", built, ["Location"]),
            "202": answer(
                "It will be built.", as_json(ref("BuildBrief")), ["Preference-Applied"]
            ),
            **problems(errors.UndeclaredParameter, *OBSTACLES),
        },
    }


def _at_work() -> Node:
    return {
        "operationId": "get_build_at_work",
        "tags": ["builds"],
        "summary": "The build that is under way, and the step that it is at",
        "responses": {
            "200": answer("A build that takes its time.", as_json(ref("BuildAtWork"))),
            **problems(errors.UndeclaredParameter, errors.UnknownBuild),
        },
    }


def _stop() -> Node:
    return {
        "operationId": "stop_build",
        "tags": ["builds"],
        "summary": "Stop the build that is under way",
        "description": "It ends within a second or two as one that failed; what was"
        " published before is served on. The next load or change has all built again.",
        "responses": {
            "202": answer("It is being stopped.", as_json(ref("BuildAtWork"))),
            **problems(errors.UndeclaredParameter, errors.UnknownBuild, *OBSTACLES),
        },
    }


def _number(name: str) -> Node:
    return {"name": name, "in": "path", "required": True, "schema": NUMBER}
