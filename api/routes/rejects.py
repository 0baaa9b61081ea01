"""Rejects: the rejected rows of a load, as JSON or as a CSV file to correct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request, stream_with_context, url_for
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.errors import (
    BadParameter,
    NotAcceptable,
    NotFound,
    UndeclaredParameter,
    UnknownLoad,
    UnknownTable,
)
from api.formats.rejects_csv import rejects_csv
from api.loading import RAW_SHOWN, reject_document, table_named
from api.openapi.operations import operation
from api.openapi.parts import MAX_ID, answer, as_json, as_text, number_in_path, query
from api.openapi.parts import whole_number as whole_number_schema
from api.routes.context import context
from api.routes.parameters import declared_only, flag, one_of, whole_number
from api.warehouse.ledger import Load
from api.warehouse.raw_store import RawStore

PAGE = 1_000
MOST_ON_A_PAGE = 10_000
# For whole rows, each of which may be a megabyte long.
WHOLE_ROWS_PAGE = 50
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}

LoadId = Annotated[int, Field(ge=1, description="The load's number.", examples=[17])]
TableName = Annotated[str, Field(description="The table.", examples=["departments"])]
Rejected = Annotated[int, Field(ge=0, description="Rows that were refused.")]

bp = Blueprint("rejects", __name__)


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
class RejectsPage(TypedDict):
    """Rejects of a load, in line order."""

    load_id: LoadId
    table: TableName
    rejected: Rejected
    rejects: list[Reject]
    next: Annotated[str | None, Field(description="Where more of them are.")]


@bp.get("/loads/<number:load_id>/rejects")
@operation(
    "loads",
    "The refused rows of a load, as JSON or as a CSV file to mend",
    description="The CSV file has the table's columns, then `_line` and"
    " `_reasons`. Mended, it can be uploaded as it is.",
    parameters=[
        number_in_path("load_id"),
        query(
            "limit",
            whole_number_schema(1, MOST_ON_A_PAGE, PAGE),
            "Rejects on a page of JSON.",
        ),
        query("after", whole_number_schema(0, MAX_ID, 0), "Where a page begins."),
        query(
            "format",
            {"type": "string", "enum": list(MEDIA_TYPES)},
            "Instead of the Accept header.",
        ),
        query(
            "spreadsheet",
            {"type": "boolean", "default": False},
            "CSV whose cells no spreadsheet takes for formulas. It is to be looked"
            " at: mend and upload the one without.",
        ),
    ],
    responses={
        "200": answer(
            "The rejects.",
            as_json(RejectsPage) | as_text("text/csv"),
            ["Content-Disposition"],
        )
    },
    raises=(
        UndeclaredParameter,
        BadParameter,
        UnknownLoad,
        UnknownTable,
        NotFound,
        NotAcceptable,
    ),
)
def list_rejects(load_id: int) -> Response:
    declared_only("limit", "after", "format", "spreadsheet")
    store = context().warehouse.raw
    load = store.load(load_id)
    page = _page(store, load)
    spreadsheet = flag("spreadsheet")
    if _format() == "csv":
        return _csv(load, spreadsheet)
    return jsonify(page)


def _format() -> str:
    """The format that `format` names, else the one that Accept prefers."""
    if "format" in request.args or not request.accept_mimetypes:
        return one_of("format", tuple(MEDIA_TYPES))
    best = request.accept_mimetypes.best_match(MEDIA_TYPES.values())
    if best is None:
        known = ", ".join(MEDIA_TYPES.values())
        raise NotAcceptable(f"Rejects are told as {known}; Accept wants none of them.")
    return next(name for name, kind in MEDIA_TYPES.items() if kind == best)


def _page(store: RawStore, load: Load) -> RejectsPage:
    limit = whole_number("limit", PAGE, 1, MOST_ON_A_PAGE)
    after = whole_number("after", 0, 0, MAX_ID)
    # One character more than is shown, so that a cut can be seen.
    rows = store.rejects(load.load_id, limit, after, RAW_SHOWN + 1)
    rejects: list[Any] = [reject_document(**row) for row in rows]
    more = {"limit": limit, "after": rows[-1]["reject_id"]} if rows else {}
    following = url_for("rejects.list_rejects", load_id=load.load_id, **more)
    return {
        "load_id": load.load_id,
        "table": load.table_name,
        "rejected": load.rejected,
        "rejects": rejects,
        "next": following if len(rows) == limit else None,
    }


def _csv(load: Load, spreadsheet: bool) -> Response:
    """All rejects, however many, as a file that can be corrected and uploaded."""
    table = table_named(context().contract, load.table_name)
    rows = _every_reject(context().warehouse.raw, load.load_id)
    is_json = load.source != "csv"
    lines = rejects_csv(table.column_names, rows, load.header, is_json, spreadsheet)
    response = Response(stream_with_context(lines), mimetype="text/csv")
    name = f"{load.table_name}-load-{load.load_id}-rejects.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _every_reject(store: RawStore, load_id: int) -> Iterator[dict[str, Any]]:
    after = 0
    while rows := store.rejects(load_id, WHOLE_ROWS_PAGE, after):
        yield from rows
        after = rows[-1]["reject_id"]
