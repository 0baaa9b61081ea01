"""How files are read: what is told of it, asked about it, remembered of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.contract import Dates

Name = Annotated[str, Field(description="The header in the file.", examples=["Nr."])]


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


ReadingTold = Annotated[
    Literal["plain"] | Reading | None,
    Field(
        description="How the file was read; `plain` is RFC 4180 in UTF-8, under the"
        " table's own names or without a header. Null for rows of another source."
    ),
]


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


@with_config(extra="forbid")
class TableOfFile(TypedDict):
    """How the first rows of a file fit a table."""

    table: Annotated[str, Field(examples=["departments"])]
    fits: Annotated[bool, Field(description="Whether it can be read as that table.")]
    rows: Annotated[int, Field(ge=0, description="Rows that were looked at.")]
    good: Annotated[int, Field(ge=0, description="Those of them that can be loaded.")]
    has_header: bool
    reading: ReadingTold
    code: Annotated[str | None, Field(description="Of the problem, if it has one.")]
    detail: str | None
    question: Annotated[Question | None, Field(description="What would mend that.")]


@with_config(extra="forbid")
class TablesOfFile(TypedDict):
    """Which tables a file fits, the best first; nothing was stored."""

    dry_run: Literal[True]
    tables: list[TableOfFile]


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
