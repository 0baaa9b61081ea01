"""Uploads: a form with a CSV file, or a file that can be read as one."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Annotated, BinaryIO, Literal, cast

from flask import Blueprint, Response, jsonify, request
from pydantic import Field, with_config
from typing_extensions import TypedDict
from werkzeug.datastructures import FileStorage

from api import errors
from api.errors import BadParameter, MissingField
from api.loading import (
    Fit,
    LoadOptions,
    Said,
    check_csv,
    fits_of,
    limits_of,
    load_csv,
    parse_said,
    table_named,
)
from api.openapi.operations import Facts, operation
from api.openapi.parts import Node
from api.openapi.problems import Question
from api.routes.bodies import check_file_form, check_query, form_field, parse_json
from api.routes.context import context
from api.routes.forms import CURL_FILE
from api.routes.idempotency import once
from api.routes.parameters import (
    DRY_RUN,
    DRY_RUN_FIELD,
    IDEMPOTENCY_KEY,
    PREFER,
    is_dry_run,
    is_true,
    preferences,
    table_name_schema,
)
from api.routes.readings import ReadingField
from api.routes.receipts import dry_run_response, receipt_responses, sender
from api.wording import quoted

MODES = ("append", "replace")
READING_FIELDS: Node = {
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
        "description": "Between two cells; by default the one with which the rows fit.",
    },
    "dates": {
        "type": "string",
        "enum": ["day_first", "month_first"],
        "description": "How days are written that no row of the file decides.",
    },
    "sheet": {
        "type": "string",
        "minLength": 1,
        "description": "The sheet of a workbook, or the file of a zip.",
    },
    "columns": {
        "type": "object",
        "additionalProperties": {"type": ["string", "null"]},
        "examples": [{"Nr.": "id", "Notes": None}],
        "description": "Headers of the file, each with the table's column that it"
        " is, or null to pass it over.",
    },
    "remember": {
        "type": "boolean",
        "default": False,
        "description": "Read every other file under the same header like this.",
    },
}
FIELDS = ("csv_file", "table_name", "mode", "dry_run", *READING_FIELDS)
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

# Dry runs that read a file at a time, some 25 MB each; loads take turns anyway.
_checks = threading.BoundedSemaphore(4)

bp = Blueprint("uploads", __name__)


@with_config(extra="forbid")
class TableOfFile(TypedDict):
    """How the first rows of a file fit a table."""

    table: Annotated[str, Field(examples=["departments"])]
    fits: Annotated[bool, Field(description="Whether it can be read as that table.")]
    rows: Annotated[int, Field(ge=0, description="Rows that were looked at.")]
    good: Annotated[int, Field(ge=0, description="Those of them that can be loaded.")]
    has_header: bool
    reading: ReadingField
    code: Annotated[str | None, Field(description="Of the problem, if it has one.")]
    detail: str | None
    question: Annotated[Question | None, Field(description="What would mend that.")]


@with_config(extra="forbid")
class TablesOfFile(TypedDict):
    """Which tables a file fits, the best first; nothing was stored."""

    dry_run: Literal[True]
    tables: list[TableOfFile]


def _form(facts: Facts) -> Node:
    schema: Node = {
        "type": "object",
        "properties": {
            "csv_file": {
                "type": "string",
                "format": "binary",
                "contentMediaType": "text/csv",
                "description": "A CSV file, with a header or without.",
            },
            "table_name": table_name_schema(facts)
            | {"description": "Without it, a dry run tells which tables fit."},
            "mode": {
                "type": "string",
                "enum": list(MODES),
                "default": MODES[0],
                "description": "`replace` makes the file the whole table.",
            },
            "dry_run": DRY_RUN_FIELD,
            **READING_FIELDS,
        },
        "required": ["csv_file"],
        "additionalProperties": False,
    }
    encoding = {"csv_file": {"contentType": "text/csv, application/gzip"}}
    return {"multipart/form-data": {"schema": schema, "encoding": encoding}}


@bp.post("/upload_csv")
@operation(
    "uploads",
    "Load a CSV file",
    description="A row that breaks the table's contract is refused and kept with"
    " its reasons; the others are loaded. The answer comes once the build that"
    " holds them is published.",
    parameters=[DRY_RUN, PREFER, IDEMPOTENCY_KEY],
    requestBody={"required": True, "content": _form},
    responses=receipt_responses(*BAD_FILES, tried=[TablesOfFile]),
)
def upload_csv() -> Response:
    check_query(FIELDS, CURL_FILE)
    file = _file()
    stream = cast(BinaryIO, file.stream)
    # A large upload is a file on disk, which is deleted when it is closed.
    with closing(stream):
        options = _options(file)
        dry_run = is_dry_run(request.form.get("dry_run"))
        if dry_run and not request.form.get("table_name"):
            return _fits_response(stream, options)
        table = table_named(context().contract, form_field("table_name"))
        store = context().warehouse.raw
        if dry_run:
            with _checks:
                readings = store.readings.of_table(table.name)
                report = check_csv(table, stream, options, readings)
            return dry_run_response(table, report)
        with once(options, table.name, str(options.said), stream) as attempt:
            if attempt.replayed:
                return attempt.replayed
            name = file.filename or None
            return attempt.answer(
                attempt.loaded or load_csv(store, table, stream, name, attempt.options)
            )


def _options(file: FileStorage) -> LoadOptions:
    return LoadOptions(
        _mode(request.form.get("mode", MODES[0])),
        preferences().strict,
        by=sender(),
        limits=limits_of(context().settings),
        said=_said(file),
        remember=is_true("remember", request.form.get("remember")),
    )


def _fits_response(stream: BinaryIO, options: LoadOptions) -> Response:
    """The answer to a dry run without a table: how the file fits each."""
    tables = context().contract.tables.values()
    readings = context().warehouse.raw.readings
    with _checks:
        remembered = {table.name: readings.of_table(table.name) for table in tables}
        fits = fits_of(tables, stream, options, remembered)
    document: TablesOfFile = {"dry_run": True, "tables": [*map(_fit, fits)]}
    return jsonify(document)


def _fit(fit: Fit) -> TableOfFile:
    problem = fit.problem
    return {
        "table": fit.table,
        "fits": fit.fits,
        "rows": fit.rows,
        "good": fit.good,
        "has_header": fit.has_header,
        "reading": fit.reading,
        "code": problem.code if problem else None,
        "detail": problem.detail if problem else None,
        "question": problem.extra.get("question") if problem else None,
    }


def _said(file: FileStorage) -> Said:
    """How to read the file, as far as the form or the header of its part says."""
    form = request.form
    columns = parse_json(form["columns"]) if form.get("columns") else {}
    if not isinstance(columns, dict) or not all(
        isinstance(name, str | None) for name in columns.values()
    ):
        raise BadParameter(
            "columns must be a JSON object of the file's headers, each with the table's"
            ' column that it is, or null: {"Nr.": "id", "Notes": null}'
        )
    return parse_said(
        form.get("encoding") or file.mimetype_params.get("charset"),
        form.get("delimiter"),
        form.get("dates"),
        columns,
        form.get("sheet"),
    )


def _file() -> FileStorage:
    check_file_form(*FIELDS)
    file = request.files.get("csv_file")
    if file is None:
        raise MissingField(
            "The form has no file csv_file. Send it as multipart/form-data:"
            f" {CURL_FILE}"
        )
    return file


def _mode(text: str) -> str:
    if text not in MODES:
        raise BadParameter(
            "mode must be append, or replace to make the file the whole table, not"
            f" {quoted(text)}"
        )
    return text
