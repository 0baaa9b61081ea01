"""Upload tables: what a row has to be like, and how much was loaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.contract import DataType, Dates
from api.documents.readings import RememberedReading


@with_config(extra="forbid")
class TableColumn(TypedDict):
    """A column of an upload table."""

    name: Annotated[str, Field(examples=["department"])]
    data_type: DataType
    description: str
    required: Annotated[bool, Field(description="Whether a row must have a value.")]
    accepted_values: Annotated[
        list[str] | None, Field(description="The only values that are taken.")
    ]
    aliases: Annotated[
        list[str], Field(description="Other headers of the column in a file.")
    ]
    missing_values: Annotated[
        list[str], Field(description="Cells of a file that stand for nothing.")
    ]
    dates: Annotated[
        Dates | None, Field(description="How its days are written in a file.")
    ]


@with_config(extra="forbid")
class Table(TypedDict):
    """An upload table."""

    name: Annotated[str, Field(examples=["departments"])]
    description: str
    primary_key: Annotated[
        list[str], Field(description="A later row of the same key replaces this one.")
    ]
    columns: list[TableColumn]
    loads: Annotated[int, Field(ge=0, description="How many loads it had.")]
    rows_loaded: Annotated[int, Field(ge=0, description="Rows in all of them.")]
    last_loaded_at: Annotated[str | None, Field(description="UTC, ISO 8601.")]
    readings: Annotated[
        list[RememberedReading],
        Field(description="How files under certain headers are read."),
    ]
