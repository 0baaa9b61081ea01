"""Readings: how a file was read, and what is remembered for the next one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint, Response, request
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api import intake
from api.contract import Dates
from api.errors import UndeclaredParameter, UnknownReading, UnknownTable
from api.loading import form_fields, table_named
from api.openapi.operations import operation
from api.openapi.parts import answer, number_in_path
from api.openapi.problems import WRITE_PROBLEMS, Name
from api.routes.context import context
from api.routes.parameters import declared_only, table_in_path
from api.warehouse.provenance import ACTOR

bp = Blueprint("readings", __name__)


@with_config(extra="forbid")
class ColumnRead(TypedDict):
    """A column of a file, and the table's column that it is read as."""

    name: Name
    column: Annotated[str | None, Field(description="Null where it is passed over.")]


@with_config(extra="forbid")
class Reading(TypedDict):
    """How a file was read."""

    container: Annotated[
        str,
        Field(
            description="`plain`, or what the file was unpacked from.",
            examples=["gzip", "zip", "xlsx"],
        ),
    ]
    sheet: Annotated[
        str | None, Field(description="The sheet of a workbook, the file of a zip.")
    ]
    encoding: Annotated[str, Field(examples=["utf-8", "utf-16-le", "windows-1252"])]
    delimiter: Annotated[str, Field(description="Between two cells.", examples=[";"])]
    header_line: Annotated[
        int | None, Field(description="Null without one: columns are in their order.")
    ]
    lines_above: Annotated[
        int, Field(ge=0, description="Lines passed over above header or first row.")
    ]
    columns: list[ColumnRead]
    dates: Annotated[
        Dates | None, Field(description="Null where the year comes first, or none is.")
    ]
    remembered: Annotated[
        int | None, Field(description="The remembered reading by which it was read.")
    ]


ReadingField = Annotated[
    Literal["plain"] | Reading | None,
    Field(
        description="How the file was read; `plain` is RFC 4180 in UTF-8, under the"
        " table's own names or without a header. Null for rows of another source."
    ),
]


@with_config(extra="forbid")
class RememberedReading(TypedDict):
    """What was said of a file, and holds for every other under the same header."""

    reading_id: Annotated[int, Field(ge=1)]
    header: Annotated[list[str], Field(description="The cells of the header.")]
    said: Annotated[
        dict[str, Any], Field(description="Form fields, as they were sent with it.")
    ]
    actor: Annotated[str | None, Field(description="The name of the key it came with.")]
    remembered_at: Annotated[str, Field(description="UTC, ISO 8601.")]


@bp.delete("/tables/<name>/readings/<number:reading_id>")
@operation(
    "tables",
    "Take a remembered reading back",
    description="Files under its header are read by themselves again, or asked"
    " about. What was loaded stays.",
    parameters=[table_in_path, number_in_path("reading_id", 1)],
    responses={"204": answer("It is gone.")},
    raises=(UndeclaredParameter, UnknownTable, UnknownReading, *WRITE_PROBLEMS),
)
def forget_reading(name: str, reading_id: int) -> Response:
    declared_only()
    table = table_named(context().contract, name)
    context().warehouse.raw.readings.forget(table.name, reading_id)
    return Response(status=204)


def reading_document(known: intake.RememberedReading) -> RememberedReading:
    """A remembered reading as HTTP returns it."""
    # Tables may be public; the names of keys are not.
    actor = known.actor if ACTOR in request.environ else None
    return {
        "reading_id": known.reading_id,
        "header": list(known.header),
        "said": form_fields(known.said),
        "actor": actor,
        "remembered_at": known.remembered_at,
    }
