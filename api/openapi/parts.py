"""What operations are made of: parameters, responses, headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Node = dict[str, Any]


def _header(description: str, kind: str = "string", **schema: Any) -> Node:
    return {"description": description, "schema": {"type": kind, **schema}}


HEADERS: dict[str, Node] = {
    "Location": _header("Where the load or build is."),
    "ETag": _header("Names this very answer; give it back in If-None-Match."),
    "Build-Id": _header("The build that the answer comes from.", "integer"),
    "Build-Finished-At": _header(
        "When that build was finished, in UTC.", format="date-time"
    ),
    "Build-Last-Load-Id": _header(
        "The newest load that it contains; 0 before the first.", "integer"
    ),
    "Sample-Data": _header(
        "Whether it shows the sample, for want of any load.", "boolean"
    ),
    "Link": _header('The next page, `rel="next"`; absent on the last one.'),
    "Retry-After": _header("Seconds after which to try again.", "integer"),
    "Preference-Applied": _header("Which preferences were honoured."),
    "Idempotency-Replayed": _header(
        "`true` when this is the answer of the first such request.", enum=["true"]
    ),
    "WWW-Authenticate": _header("How a key is sent."),
    "Content-Disposition": _header("A name for the file."),
}
OPTIONAL = (
    "Link",
    "Preference-Applied",
    "Idempotency-Replayed",
    "Content-Disposition",
    "Retry-After",
)
# The largest number that a column of the warehouse can hold.
MAX_ID = 2**63 - 1
BUILD_HEADERS = (
    "ETag",
    "Build-Id",
    "Build-Finished-At",
    "Build-Last-Load-Id",
    "Sample-Data",
)


def headers(*names: str) -> Node:
    """The response headers of these names."""
    return {
        name: HEADERS[name] | ({} if name in OPTIONAL else {"required": True})
        for name in names
    }


def answer(
    description: str, content: Node | None = None, header: Iterable[str] = ()
) -> Node:
    """A response; `content` is by media type."""
    response: Node = {"description": description}
    if header:
        response["headers"] = headers(*header)
    if content:
        response["content"] = content
    return response


def query(name: str, schema: Node, description: str, **more: Any) -> Node:
    """A query parameter."""
    return {
        "name": name,
        "in": "query",
        "schema": schema,
        "description": description,
        **more,
    }


def header_parameter(name: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def whole_number(least: int, most: int, default: int | None = None) -> Node:
    schema: Node = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else schema | {"default": default}


def as_json(schema: Any, example: Any = None) -> Node:
    """The content of a response that is JSON; `schema` may be a shape."""
    shown = {} if example is None else {"example": example}
    return {"application/json": {"schema": schema, **shown}}


def as_text(media_type: str) -> Node:
    """The content of a response that is text."""
    return {media_type: {"schema": {"type": "string"}}}


def number_in_path(name: str, least: int = 0) -> Node:
    """The number of a load, a build or a reading in a path."""
    schema = whole_number(least, MAX_ID)
    return {"name": name, "in": "path", "required": True, "schema": schema}


def revalidated_responses(
    description: str, content: Node, header: Iterable[str] = ("ETag",)
) -> Node:
    """The responses of a view that answers 304 while nothing has changed."""
    return {
        "200": answer(description, content, header),
        "304": answer("What you have is what is served.", header=header),
    }
