"""Tables: the upload contracts, with what has been loaded so far."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.contract import Column, Table
from api.documents.readings import RememberedReading as ReadingDocument
from api.documents.tables import Table as TableDocument
from api.documents.tables import TableColumn
from api.intake import RememberedReading
from api.loading import fields_of, table_named
from api.routes.context import Context
from api.routes.reading import declared_only
from api.warehouse.provenance import ACTOR
from api.warehouse.raw_store import RawStore

NOTHING_LOADED = {"loads": 0, "rows_loaded": 0, "last_loaded_at": None}


def routes(context: Context) -> Blueprint:
    """The routes of tables."""
    noun = Blueprint("tables", __name__)

    @noun.get("/tables")
    def list_tables() -> Response:
        declared_only()
        tables = context.contract.tables.values()
        return jsonify(_documents(context.warehouse.raw, *tables))

    @noun.get("/tables/<name>")
    def one_table(name: str) -> Response:
        declared_only()
        table = table_named(context.contract, name)
        return jsonify(_documents(context.warehouse.raw, table)[0])

    @noun.delete("/tables/<name>/readings/<number:reading_id>")
    def forget_reading(name: str, reading_id: int) -> Response:
        declared_only()
        table = table_named(context.contract, name)
        context.warehouse.raw.readings.forget(table.name, reading_id)
        return Response(status=204)

    @noun.get("/tables/<name>/template")
    def template(name: str) -> Response:
        declared_only()
        table = table_named(context.contract, name)
        response = Response(_header(table), mimetype="text/csv")
        file = f'attachment; filename="{table.name}.csv"'
        response.headers["Content-Disposition"] = file
        return response

    return noun


def _header(table: Table) -> str:
    """A CSV file without a row: what it takes to begin one."""
    text = io.StringIO()
    csv.writer(text).writerow(table.column_names)
    return text.getvalue()


def _documents(store: RawStore, *tables: Table) -> list[TableDocument]:
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
    table: Table, counts: dict[str, Any], readings: Sequence[RememberedReading]
) -> TableDocument:
    return {
        "name": table.name,
        "description": table.description,
        "primary_key": list(table.primary_key),
        "columns": [_column(column) for column in table.columns],
        "loads": counts["loads"],
        "rows_loaded": counts["rows_loaded"],
        "last_loaded_at": counts["last_loaded_at"],
        "readings": [_reading(known) for known in readings],
    }


def _reading(known: RememberedReading) -> ReadingDocument:
    # A table may be open to whoever asks; who works here is not.
    actor = known.actor if ACTOR in request.environ else None
    return {
        "reading_id": known.reading_id,
        "header": list(known.header),
        "said": fields_of(known.said),
        "actor": actor,
        "remembered_at": known.remembered_at,
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
