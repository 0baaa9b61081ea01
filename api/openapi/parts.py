"""What operations are made of: parameters, responses, headers, errors."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from api import errors
from api.errors import Problem
from api.openapi.schemas import ref

Node = dict[str, Any]

HEADERS: dict[str, Node] = {
    "Location": {
        "description": "Where the load or build is.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Names this very answer; give it back in If-None-Match.",
        "schema": {"type": "string"},
    },
    "Build-Id": {
        "description": "The build that the answer comes from.",
        "schema": {"type": "integer"},
    },
    "Build-Finished-At": {
        "description": "When that build was finished, in UTC.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Build-Last-Load-Id": {
        "description": "The newest load that it contains; 0 before the first.",
        "schema": {"type": "integer"},
    },
    "Sample-Data": {
        "description": "Whether it shows the sample, for want of any load.",
        "schema": {"type": "boolean"},
    },
    "Link": {
        "description": 'The next page, `rel="next"`; absent on the last one.',
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer"},
    },
    "Preference-Applied": {
        "description": "Which preferences were honoured.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the answer of the first such request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {
        "description": "How a key is sent.",
        "schema": {"type": "string"},
    },
    "Content-Disposition": {
        "description": "A name for the file.",
        "schema": {"type": "string"},
    },
}
OPTIONAL = (
    "Link",
    "Preference-Applied",
    "Idempotency-Replayed",
    "Content-Disposition",
    "Retry-After",
)
STAMP = ("ETag", "Build-Id", "Build-Finished-At", "Build-Last-Load-Id", "Sample-Data")


# What every request that writes may be told before it is looked at.
WRITING: tuple[type[Problem], ...] = (
    errors.IncompleteBody,
    errors.UploadTimeout,
    errors.TooLarge,
    errors.TooManyRequests,
    errors.Overloaded,
)


def headers(*names: str) -> Node:
    """Response headers by name."""
    return {
        name: HEADERS[name] | ({} if name in OPTIONAL else {"required": True})
        for name in names
    }


def answer(
    description: str, content: Node | None = None, header: Iterable[str] = ()
) -> Node:
    """A response; `content` by media type."""
    found: Node = {"description": description}
    if header:
        found["headers"] = headers(*header)
    if content:
        found["content"] = content
    return found


def as_json(schema: Node, example: Any = None) -> Node:
    shown = {} if example is None else {"example": example}
    return {"application/json": {"schema": schema, **shown}}


def problems(*classes: type[Problem]) -> Node:
    """A response for each status among these errors, with the codes that it has."""
    found: Node = {}
    every: tuple[type[Problem], ...] = (*classes, Problem)
    for status in sorted({problem.status for problem in every}):
        mine = [problem for problem in every if problem.status == status]
        codes = [p.code for p in mine]
        told = "; ".join(f"`{p.code}`: {p.title.lower()}" for p in mine)
        narrowed = {
            "properties": {"code": {"enum": codes}, "status": {"const": status}}
        }
        schema = {"allOf": [ref("Problem"), narrowed]}
        found[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}. {told}.",
            "content": {"application/problem+json": {"schema": schema}},
        }
        if any(problem.retry_after for problem in mine):
            found[str(status)]["headers"] = headers("Retry-After")
        if status == 401:
            found["401"]["headers"] = headers("WWW-Authenticate")
    return found


def query(name: str, schema: Node, description: str, **more: Any) -> Node:
    """A query parameter."""
    found = {"name": name, "in": "query", "schema": schema, "description": description}
    return found | more


def header_parameter(name: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def whole_number(least: int, most: int, default: int | None = None) -> Node:
    found: Node = {"type": "integer", "minimum": least, "maximum": most}
    return found if default is None else found | {"default": default}
