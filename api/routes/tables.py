"""Tables: the upload contracts, with counts of what has been loaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api import contract, intake
from api.contract import Column, DataType, Dates
from api.errors import UndeclaredParameter, UnknownTable
from api.loading import table_named
from api.openapi.operations import operation
from api.openapi.parts import answer, as_json, as_text
from api.openapi.schemas import array_of
from api.routes.context import context
from api.routes.parameters import declared_only, table_in_path
from api.routes.readings import RememberedReading, reading_document
from api.warehouse.raw_store import RawStore

NOTHING_LOADED = {"loads": 0, "rows_loaded": 0, "last_loaded_at": None}

bp = Blueprint("tables", __name__)


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


@bp.get("/tables")
@operation(
    "tables",
    "The upload tables, and how much was loaded",
    responses={"200": answer("All of them.", as_json(array_of(Table)))},
    raises=(UndeclaredParameter,),
)
def list_tables() -> Response:
    declared_only()
    tables = context().contract.tables.values()
    return jsonify(_documents(context().warehouse.raw, *tables))


@bp.get("/tables/<name>")
@operation(
    "tables",
    "One upload table",
    parameters=[table_in_path],
    responses={"200": answer("The table.", as_json(Table))},
    raises=(UndeclaredParameter, UnknownTable),
)
def get_table(name: str) -> Response:
    declared_only()
    table = table_named(context().contract, name)
    return jsonify(_documents(context().warehouse.raw, table)[0])


@bp.get("/tables/<name>/template")
@operation(
    "tables",
    "A CSV file to fill in: the table's header",
    parameters=[table_in_path],
    responses={
        "200": answer(
            "The file.",
            as_text("text/csv"),
            ["Content-Disposition"],
        )
    },
    raises=(UndeclaredParameter, UnknownTable),
)
def get_template(name: str) -> Response:
    declared_only()
    table = table_named(context().contract, name)
    response = Response(_header(table), mimetype="text/csv")
    file = f'attachment; filename="{table.name}.csv"'
    response.headers["Content-Disposition"] = file
    return response


def _header(table: contract.Table) -> str:
    """A CSV file of the header alone."""
    text = io.StringIO()
    csv.writer(text).writerow(table.column_names)
    return text.getvalue()


def _documents(store: RawStore, *tables: contract.Table) -> list[Table]:
    counts = store.counts()
    return [
        _document(
            table,
            counts.get(table.name, NOTHING_LOADED),
            store.readings.of_table(table.name),
        )
        for table in tables
    ]


def _document(
    table: contract.Table,
    counts: dict[str, Any],
    readings: Sequence[intake.RememberedReading],
) -> Table:
    return {
        "name": table.name,
        "description": table.description,
        "primary_key": list(table.primary_key),
        "columns": [_column(column) for column in table.columns],
        "loads": counts["loads"],
        "rows_loaded": counts["rows_loaded"],
        "last_loaded_at": counts["last_loaded_at"],
        "readings": [reading_document(known) for known in readings],
    }


def _column(column: Column) -> TableColumn:
    return {
        "name": column.name,
        "data_type": column.data_type,
        "description": column.description,
        "required": column.required,
        "accepted_values": list(column.accepted_values) or None,
        "aliases": list(column.aliases),
        "missing_values": list(column.missing_values),
        "dates": column.dates,
    }
