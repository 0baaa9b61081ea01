"""The two doors: a CSV file, or a batch of JSON rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api import errors
from api.contract import Table
from api.intake import BATCH_ROWS
from api.openapi.loading import (
    DRY_RUN,
    KEY,
    PREFER,
    answers,
    dry_run,
    names,
)
from api.openapi.schemas import array_of, cell, ref

Node = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

BAD_FILES = (
    errors.UnreadableFile,
    errors.NotUtf8,
    errors.BinaryContent,
    errors.BrokenGzip,
    errors.RowTooLong,
    errors.TooManyRows,
    errors.EmptyFile,
    errors.UnknownHeader,
    errors.HeaderMismatch,
    errors.AmbiguousReading,
)


def paths(tables: Sequence[Table], samples: Mapping[str, Rows]) -> Node:
    """The two doors."""
    return {
        "/upload_csv": {"post": _upload(tables)},
        "/insert_batch": {"post": _batch(tables, samples)},
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
                "description": "A CSV file, with a header or without.",
            },
            "table_name": names(tables)
            | {"description": "Without it, a dry run tells which tables fit."},
            "mode": {
                "type": "string",
                "enum": ["append", "replace"],
                "default": "append",
                "description": "`replace` makes the file the whole table.",
            },
            "dry_run": DRY_RUN,
            **_said(),
        },
        "required": ["csv_file"],
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
        "parameters": [dry_run(), PREFER, KEY],
        "requestBody": {"required": True, "content": body},
        "responses": answers(*BAD_FILES, tried=("TablesOfFile",)),
    }


def _said() -> Node:
    """What the sender may say of how the file is read."""
    return {
        "encoding": {
            "type": "string",
            "minLength": 1,
            "examples": ["windows-1252"],
            "description": "Of a file that is neither UTF-8 nor tells it by its first"
            " bytes.",
        },
        "delimiter": {
            "type": "string",
            "minLength": 1,
            "examples": [";", "tab"],
            "description": "Between two cells; by default the one with which the rows"
            " fit.",
        },
        "dates": {
            "type": "string",
            "enum": ["day_first", "month_first"],
            "description": "How days are written that no row of the file decides.",
        },
        "columns": {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"]},
            "examples": [{"Nr.": "id", "Notes": None}],
            "description": "Headers of the file, each with the table's column that it"
            " is, or null to pass it over.",
        },
        "sheet": {
            "type": "string",
            "minLength": 1,
            "description": "The sheet of a workbook, or the file of a zip.",
        },
        "remember": {
            "type": "boolean",
            "default": False,
            "description": "Read every other file under the same header like this.",
        },
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
            "table_name": names(tables),
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
        "parameters": [dry_run(), PREFER, KEY],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": one}, "examples": examples},
                "application/x-www-form-urlencoded": {"schema": form},
            },
        },
        "responses": answers(errors.BatchSize, errors.RowTooLong, errors.UnknownHeader),
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
