"""Loads: what came in, what was refused, and the build that holds it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.documents.readings import ReadingTold

LoadId = Annotated[int, Field(ge=1, description="The load's number.", examples=[17])]
TableName = Annotated[str, Field(description="The table.", examples=["departments"])]
Received = Annotated[int, Field(ge=0, description="Rows sent: loaded and rejected.")]
Loaded = Annotated[int, Field(ge=0, description="Rows that were stored.")]
Rejected = Annotated[int, Field(ge=0, description="Rows that were refused.")]


@with_config(extra="forbid")
class RejectError(TypedDict):
    """One thing wrong with a row."""

    line: Annotated[
        int, Field(description="Line of the file, or place in the batch, from 1.")
    ]
    column: Annotated[
        str | None, Field(description="The column; null for the row as a whole.")
    ]
    code: Annotated[str, Field(examples=["missing_value"])]
    message: Annotated[str, Field(examples=["department is required but empty"])]


@with_config(extra="forbid")
class Reject(TypedDict):
    """A refused row: its first error in the open, all of them in `errors`."""

    line: int
    column: str | None
    code: str
    message: str
    raw: Annotated[
        str,
        Field(
            description="The row as it was sent, with commas; cut after 1,000"
            " characters, which the CSV of the rejects is not.",
            examples=["3,"],
        ),
    ]
    errors: list[RejectError]


@with_config(extra="forbid")
class Failure(TypedDict):
    """A step of a build that did not pass."""

    name: Annotated[
        str,
        Field(
            description="The model, test or seed; else what failed as a whole.",
            examples=["not_null_quarterly_hires_year"],
        ),
    ]
    kind: Annotated[str, Field(examples=["test"])]
    words: Annotated[
        str,
        Field(
            description="What is wrong, in words that take no knowledge of dbt.",
            examples=["3 rows of quarterly_hires have no year."],
        ),
    ]
    file: Annotated[
        str | None,
        Field(
            description="Where to look in the project; null where nothing tells.",
            examples=["dbt_project/models/marts/quarterly_hires.yml"],
        ),
    ]
    line: Annotated[
        int | None,
        Field(
            ge=1,
            description="The line of that file, where it is known for certain.",
            examples=[12],
        ),
    ]
    status: Annotated[str, Field(examples=["fail", "error", "warn"])]
    rows: Annotated[int | None, Field(description="How many rows it complains of.")]
    message: Annotated[
        str | None,
        Field(
            description="The same as dbt, or a check of ours, put it; of a unit test,"
            " the rows that differ.",
            examples=["Got 3 results, configured to fail if != 0"],
        ),
    ]
    sample: Annotated[
        list[dict[str, Any]],
        Field(
            description="Up to five of those rows.",
            examples=[[{"year": None, "department": "Sales", "job": "Clerk"}]],
        ),
    ]


@with_config(extra="forbid")
class BuildBrief(TypedDict):
    """What an answer to a load tells of its build."""

    build_id: Annotated[int | None, Field(description="Null while it is pending.")]
    status: Literal["published", "not_published", "failed", "pending"]
    outcome: NotRequired[
        Annotated[str, Field(description="What became of it, in one sentence.")]
    ]
    failures: Annotated[
        list[Failure], Field(description="What failed, and warnings; worst first.")
    ]
    note: NotRequired[str]


@with_config(extra="forbid")
class Load(TypedDict):
    """One entry of the ledger: rows that came, or the undo or redo of such an entry."""

    load_id: LoadId
    table: TableName
    mode: Annotated[
        Literal["append", "replace", "undo", "redo"],
        Field(
            description="`replace` made its rows the whole table; `undo` took a load"
            " out, `redo` brought one back."
        ),
    ]
    of_load: Annotated[
        int | None, Field(description="The load that an undo or redo is about.")
    ]
    counts: Annotated[
        bool, Field(description="Whether its rows count: not undone, not replaced.")
    ]
    undone_by: Annotated[
        int | None, Field(description="The undo that took it out; delete it to redo.")
    ]
    source: Annotated[
        Literal["csv", "batch", "avro"] | None,
        Field(description="What the rows came as; null for an undo or redo."),
    ]
    file_name: str | None
    sha256: Annotated[
        str | None, Field(description="Of what was unpacked, in hexadecimal.")
    ]
    reading: ReadingTold
    received: Received
    loaded: Loaded
    rejected: Rejected
    loaded_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    actor: Annotated[str | None, Field(description="The name of the key it came with.")]
    request_id: Annotated[str | None, Field(description="The request it came with.")]
    rejects_url: Annotated[str, Field(description="Where all its rejects are.")]


class LoadWithBuild(Load):
    """A load and its build."""

    build: BuildBrief


class Receipt(LoadWithBuild):
    """The answer to a load."""

    rejects: Annotated[list[Reject], Field(description="The first 20.")]
    already_loaded: Annotated[
        bool,
        Field(
            description="It was so before, by this entry: the very file was loaded, or"
            " the load undone."
        ),
    ]


@with_config(extra="forbid")
class MinimalReceipt(TypedDict):
    """The answer to a load under `Prefer: return=minimal`."""

    load_id: LoadId
    received: Received
    loaded: Loaded
    rejected: Rejected


@with_config(extra="forbid")
class DryRun(TypedDict):
    """What a load would have come to; nothing was stored."""

    dry_run: Literal[True]
    table: TableName
    received: Received
    loaded: Annotated[int, Field(ge=0, description="Rows that would be stored.")]
    rejected: Annotated[int, Field(ge=0, description="Rows that would be refused.")]
    has_header: Annotated[bool, Field(description="Whether the file has a header.")]
    reading: ReadingTold
    preview: Annotated[
        list[dict[str, Any]],
        Field(description="The first 20 rows as they would be stored."),
    ]
    rejects: Annotated[list[Reject], Field(description="The first 20.")]


@with_config(extra="forbid")
class RejectsPage(TypedDict):
    """Rejects of a load, in line order."""

    load_id: LoadId
    table: TableName
    rejected: Rejected
    rejects: list[Reject]
    next: Annotated[str | None, Field(description="Where more of them are.")]
