"""The doors, a CSV file or a batch; and the contracts of the upload tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api import errors
from api.contract import Table
from api.intake import BATCH_ROWS
from api.openapi.parts import (
    WRITING,
    answer,
    as_json,
    header_parameter,
    problems,
    query,
)
from api.openapi.schemas import array_of, cell, ref

Node = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

DRY_RUN: Node = {
    "type": "boolean",
    "default": False,
    "description": "Tell what a load would come to, and store nothing.",
}
PREFER = header_parameter(
    "Prefer",
    {"type": "string", "examples": ["respond-async, handling=strict"]},
    "`respond-async`: answer once it is stored, without waiting for the build;"
    " `wait=5`: wait at most so many seconds; `handling=strict`: all or nothing;"
    " `return=minimal`: only the counts. RFC 7240.",
)
KEY = header_parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    "Any text of your own, such as a UUID: however often the request is repeated under"
    " it within seven days, the rows are loaded once.",
)
LOADED = ("Location", "Preference-Applied", "Idempotency-Replayed")
BAD_FILES = (
    errors.UnreadableFile,
    errors.NotUtf8,
    errors.BinaryContent,
    errors.BrokenGzip,
    errors.UnclosedQuote,
    errors.RowTooLong,
    errors.EmptyFile,
    errors.UnknownHeader,
    errors.HeaderMismatch,
)
BAD_REQUESTS: tuple[type[errors.Problem], ...] = (
    errors.BadRequest,
    errors.MissingField,
    errors.UndeclaredParameter,
    errors.BadParameter,
    *WRITING,
    errors.UnknownTable,
    errors.RequestInProgress,
    errors.UnsupportedMediaType,
    errors.NoUsableRow,
    errors.RowsRejected,
    errors.IdempotencyKeyReused,
    errors.WarehouseBusy,
)


def paths(tables: Sequence[Table], samples: Mapping[str, Rows]) -> Node:
    """The two doors, and what they go by."""
    return {
        "/upload_csv": {"post": _upload(tables)},
        "/insert_batch": {"post": _batch(tables, samples)},
        "/tables": {"get": _tables()},
        "/tables/{name}": {"get": _one_table(tables)},
    }


def schemas(tables: Iterable[Table]) -> Node:
    """A row of each upload table, as an object and as an array."""
    found: Node = {}
    for table in tables:
        found[f"{table.name}_object"] = {
            "type": "object",
            "description": table.description,
            "properties": {c.name: cell(c) for c in table.columns},
            "required": [c.name for c in table.columns if c.required],
            "additionalProperties": False,
        }
        found[f"{table.name}_array"] = {
            "type": "array",
            "description": f"In this order: {', '.join(table.column_names)}.",
            "prefixItems": [cell(c) for c in table.columns],
            "items": False,
            "minItems": len(table.columns),
        }
    return found


def _upload(tables: Sequence[Table]) -> Node:
    form: Node = {
        "type": "object",
        "properties": {
            "csv_file": {
                "type": "string",
                "format": "binary",
                "contentMediaType": "text/csv",
                "description": "A CSV file, plain or gzip, with a header or without.",
            },
            "table_name": _names(tables),
            "dry_run": DRY_RUN,
        },
        "required": ["csv_file", "table_name"],
        "additionalProperties": False,
    }
    encoding = {"csv_file": {"contentType": "text/csv, application/gzip"}}
    body = {"multipart/form-data": {"schema": form, "encoding": encoding}}
    return {
        "operationId": "upload_csv",
        "tags": ["uploads"],
        "summary": "Load a CSV file",
        "description": "A row that breaks the table's contract is refused and kept with"
        " its reasons; the others are loaded. The answer comes once the build that"
        " holds them is published.",
        "parameters": [_dry_run(), PREFER, KEY],
        "requestBody": {"required": True, "content": body},
        "responses": _answers(*BAD_FILES),
    }


def _batch(tables: Sequence[Table], samples: Mapping[str, Rows]) -> Node:
    one = [_batch_of(table) for table in tables]
    examples = {
        table.name: {
            "summary": table.description,
            "value": {"table_name": table.name, "data": list(samples[table.name])},
        }
        for table in tables
        if samples.get(table.name)
    }
    form = {
        "type": "object",
        "properties": {
            "table_name": _names(tables),
            "data": {
                "type": "string",
                "minLength": 1,
                "contentMediaType": "application/json",
                "description": "The array of rows as JSON.",
            },
            "dry_run": DRY_RUN,
        },
        "required": ["table_name", "data"],
        "additionalProperties": False,
    }
    return {
        "operationId": "insert_batch",
        "tags": ["uploads"],
        "summary": f"Load 1 to {BATCH_ROWS} rows of JSON",
        "description": "Each row is an object by column name or an array in column"
        " order. A text that reads as a column's type is taken as well.",
        "parameters": [_dry_run(), PREFER, KEY],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": one}, "examples": examples},
                "application/x-www-form-urlencoded": {"schema": form},
            },
        },
        "responses": _answers(errors.BatchSize),
    }


def _batch_of(table: Table) -> Node:
    row = {"anyOf": [ref(f"{table.name}_object"), ref(f"{table.name}_array")]}
    rows = array_of(row) | {"minItems": 1, "maxItems": BATCH_ROWS}
    return {
        "type": "object",
        "title": table.name,
        "properties": {
            "table_name": {"const": table.name},
            "data": rows,
            "dry_run": DRY_RUN,
        },
        "required": ["table_name", "data"],
        "additionalProperties": False,
    }


def _answers(*also: type[errors.Problem]) -> Node:
    receipt = {"anyOf": [ref("Receipt"), ref("MinimalReceipt")]}
    tried = {"anyOf": [ref("DryRun"), ref("Receipt"), ref("MinimalReceipt")]}
    optional = ("Preference-Applied", "Idempotency-Replayed")
    return {
        "200": answer(
            "Nothing new was stored: a dry run, or this very file was loaded before.",
            as_json(tried),
            optional,
        ),
        "201": answer("Loaded, and the build is done.", as_json(receipt), LOADED),
        "202": answer("Loaded, and the build will follow.", as_json(receipt), LOADED),
        **problems(*BAD_REQUESTS, *also),
    }


def _dry_run() -> Node:
    schema = {"type": "boolean", "default": False}
    return query("dry_run", schema, str(DRY_RUN["description"]))


def _names(tables: Sequence[Table]) -> Node:
    return {"type": "string", "enum": [table.name for table in tables]}


def _tables() -> Node:
    return {
        "operationId": "list_tables",
        "tags": ["tables"],
        "summary": "The upload tables, and how much was loaded",
        "responses": {
            "200": answer("All of them.", as_json(array_of(ref("Table")))),
            **problems(errors.UndeclaredParameter),
        },
    }


def _one_table(tables: Sequence[Table]) -> Node:
    schema = _names(tables)
    name = {"name": "name", "in": "path", "required": True, "schema": schema}
    return {
        "operationId": "get_table",
        "tags": ["tables"],
        "summary": "One upload table",
        "parameters": [name],
        "responses": {
            "200": answer("The table.", as_json(ref("Table"))),
            **problems(errors.UndeclaredParameter, errors.UnknownTable),
        },
    }
