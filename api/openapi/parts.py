"""What operations are made of: parameters, responses, headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
# The most that a column of the warehouse counts up to.
NEWEST = 2**63 - 1
STAMP = ("ETag", "Build-Id", "Build-Finished-At", "Build-Last-Load-Id", "Sample-Data")


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


def query(name: str, schema: Node, description: str, **more: Any) -> Node:
    """A query parameter."""
    found = {"name": name, "in": "query", "schema": schema, "description": description}
    return found | more


def header_parameter(name: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def whole_number(least: int, most: int, default: int | None = None) -> Node:
    found: Node = {"type": "integer", "minimum": least, "maximum": most}
    return found if default is None else found | {"default": default}


def as_json(schema: Any, example: Any = None) -> Node:
    """The content of a response that is JSON; `schema` may be a shape."""
    shown = {} if example is None else {"example": example}
    return {"application/json": {"schema": schema, **shown}}


def number_in_path(name: str, least: int = 0) -> Node:
    """The number of a load, a build or a reading in an address."""
    schema = whole_number(least, NEWEST)
    return {"name": name, "in": "path", "required": True, "schema": schema}


def revalidated_responses(
    description: str, content: Node, header: Iterable[str] = ("ETag",)
) -> Node:
    """A response that is sent again only when it has changed."""
    return {
        "200": answer(description, content, header),
        "304": answer("What you have is what is served.", header=header),
    }
