"""Tables: the upload contracts, with what has been loaded so far."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, jsonify

from api.context import Context
from api.contract import Column, Table
from api.documents.tables import Table as TableDocument
from api.documents.tables import TableColumn
from api.loading import table_named
from api.routes.reading import declared_only

NOTHING_LOADED = {"loads": 0, "rows_loaded": 0, "last_loaded_at": None}


def routes(context: Context) -> Blueprint:
    """The routes of tables."""
    noun = Blueprint("tables", __name__)

    @noun.get("/tables")
    def list_tables() -> Response:
        declared_only()
        counts = context.warehouse.raw.counts()
        tables = context.contract.tables.values()
        return jsonify(
            [_document(t, counts.get(t.name, NOTHING_LOADED)) for t in tables]
        )

    @noun.get("/tables/<name>")
    def one_table(name: str) -> Response:
        declared_only()
        table = table_named(context.contract, name)
        counts = context.warehouse.raw.counts()
        return jsonify(_document(table, counts.get(name, NOTHING_LOADED)))

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


def _document(table: Table, counts: dict[str, Any]) -> TableDocument:
    return {
        "name": table.name,
        "description": table.description,
        "primary_key": list(table.primary_key),
        "columns": [_column(column) for column in table.columns],
        "loads": counts["loads"],
        "rows_loaded": counts["rows_loaded"],
        "last_loaded_at": counts["last_loaded_at"],
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
