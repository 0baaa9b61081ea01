"""Problems in OpenAPI: their shape, and a response for each status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api import errors
from api.openapi.parts import Node, headers

Name = Annotated[str, Field(description="The header in the file.", examples=["Nr."])]


@with_config(extra="forbid")
class Choice(TypedDict):
    """A value that answers a question, with some of the file as it would read."""

    value: str
    sample: str


@with_config(extra="forbid")
class ColumnAsked(TypedDict):
    """A column of a file of which it is asked what it is."""

    name: Name
    samples: Annotated[list[str], Field(description="The first values below it.")]
    column: Annotated[str | None, Field(description="What it is, where certain.")]


@with_config(extra="forbid")
class Question(TypedDict):
    """What decides how a file is read: one of `choices`, or what `columns` mean."""

    field: Annotated[
        Literal["encoding", "delimiter", "dates", "columns", "sheet"],
        Field(description="The form field that answers it."),
    ]
    choices: list[Choice]
    columns: Annotated[
        list[ColumnAsked],
        Field(description="For dates, the column and its cell that reads either way."),
    ]


class Problem(TypedDict):
    """An answer that is not a success; RFC 9457."""

    type: Annotated[str, Field(examples=["urn:problem:bad_parameter"])]
    title: Annotated[str, Field(description="The same for every occurrence.")]
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(description="A stable name, for programs to go by.")]
    detail: Annotated[str, Field(description="What is wrong here, how to mend it.")]
    errors: NotRequired[
        Annotated[list[Any], Field(description="Rows and columns concerned.")]
    ]
    declared: NotRequired[
        Annotated[list[str], Field(description="The parameters that there are.")]
    ]
    question: NotRequired[Question]
    received: NotRequired[int]
    rejected: NotRequired[int]


# The problems of every request with a body, raised while that is read.
BODY_PROBLEMS: tuple[type[errors.Problem], ...] = (
    errors.IncompleteBody,
    errors.UploadTimeout,
    errors.TooLarge,
    errors.TooManyRequests,
    errors.Overloaded,
)
# The problems of every request that writes.
WRITE_PROBLEMS = (
    *BODY_PROBLEMS,
    errors.WarehouseBusy,
    errors.WarehouseReadOnly,
    errors.WarehouseDamaged,
    errors.WarehouseUnreachable,
    errors.StorageFull,
)


def problems(*classes: type[errors.Problem]) -> Node:
    """A response for each status of these problems, with its codes."""
    responses: Node = {}
    every: tuple[type[errors.Problem], ...] = (*classes, errors.Problem)
    for status in sorted({problem.status for problem in every}):
        alike = [problem for problem in every if problem.status == status]
        codes = [p.code for p in alike]
        meanings = "; ".join(f"`{p.code}`: {p.title.lower()}" for p in alike)
        narrowed = {
            "properties": {"code": {"enum": codes}, "status": {"const": status}}
        }
        schema = {"allOf": [Problem, narrowed]}
        responses[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}. {meanings}.",
            "content": {"application/problem+json": {"schema": schema}},
        }
        if any(problem.retry_after for problem in alike):
            responses[str(status)]["headers"] = headers("Retry-After")
        if status == 401:
            responses["401"]["headers"] = headers("WWW-Authenticate")
    return responses
