"""The two doors that rows come in by: a CSV file, or a batch of JSON rows."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage

from api.errors import BadParameter, BadRequest, MissingField
from api.intake.json_text import json_value
from api.loading import (
    Fit,
    Receipt,
    Said,
    Terms,
    check_batch,
    check_csv,
    fits_of,
    limits_of,
    load_batch,
    load_csv,
    said_of,
    table_named,
)
from api.routes.bodies import BATCH, batch_form, batch_json, dry_run_only, file_form
from api.routes.context import Context
from api.routes.forms import CURL
from api.routes.reading import is_dry_run, is_true, preferences, refuse_others
from api.routes.receipts import digest, digest_of_file, fitted, once, reported, sender
from api.wording.untrusted_text import quoted

SAID_FIELDS = ("encoding", "delimiter", "dates", "sheet", "columns", "remember")
FILE_FIELDS = ("csv_file", "table_name", "mode", "dry_run", *SAID_FIELDS)
MODES = ("append", "replace")
BATCH_FIELDS = ("table_name", "data", "dry_run")

# Files checked at a time without being loaded: each takes some 25 MB while it is read.
# Those to be loaded take turns anyway.
_checks = threading.BoundedSemaphore(4)
_reading = threading.Lock()


def routes(context: Context) -> Blueprint:
    """The routes of the doors."""
    noun = Blueprint("uploads", __name__)
    store, limits = context.warehouse.raw, limits_of(context.settings)

    @noun.post("/upload_csv")
    def upload_csv() -> Response:
        dry_run_only(FILE_FIELDS, CURL)
        file = _file()
        stream = cast(BinaryIO, file.stream)
        # A large one is a file on disk, which goes when it is closed.
        with closing(stream):
            terms = Terms(
                _mode(request.form.get("mode", MODES[0])),
                preferences().strict,
                by=sender(),
                limits=limits,
                said=_said(file),
                remember=is_true("remember", request.form.get("remember")),
            )
            tries = is_dry_run(request.form.get("dry_run"))
            if tries and not request.form.get("table_name"):
                with _checks:
                    return fitted(_fits(context, stream, terms))
            table = table_named(context.contract, _field("table_name"))

            def load(terms: Terms) -> Receipt:
                return load_csv(store, table, stream, file.filename or None, terms)

            if tries:
                with _checks:
                    tried = check_csv(
                        table, stream, terms, store.readings.of_table(table.name)
                    )
                return reported(table, tried)
            return once(
                context,
                load,
                terms,
                lambda: f"{table.name}\n{terms.said}\n{digest_of_file(stream)}",
            )

    @noun.post("/insert_batch")
    def insert_batch() -> Response:
        dry_run_only(BATCH_FIELDS, BATCH)
        body = _batch()
        table, rows = table_named(context.contract, body["table_name"]), body["data"]
        if is_dry_run(body.get("dry_run")):
            return reported(table, check_batch(table, rows, preferences().strict))

        def load(terms: Terms) -> Receipt:
            return load_batch(store, table, rows, terms)

        content = [table.name, rows]
        terms = Terms(strict=preferences().strict, by=sender())
        return once(context, load, terms, lambda: digest(json.dumps(content).encode()))

    return noun


def _fits(context: Context, stream: BinaryIO, terms: Terms) -> list[Fit]:
    tables = context.contract.tables.values()
    readings = context.warehouse.raw.readings
    remembered = {table.name: readings.of_table(table.name) for table in tables}
    return fits_of(tables, stream, terms, remembered)


def _said(file: FileStorage) -> Said:
    """What the form, or the file's part of it, says of how the file is read."""
    form = request.form
    columns = _json(form["columns"]) if form.get("columns") else {}
    if not isinstance(columns, dict) or not all(
        isinstance(name, str | None) for name in columns.values()
    ):
        raise BadParameter(
            "columns must be a JSON object of the file's headers, each with the table's"
            ' column that it is, or null: {"Nr.": "id", "Notes": null}'
        )
    return said_of(
        form.get("encoding") or file.mimetype_params.get("charset"),
        form.get("delimiter"),
        form.get("dates"),
        columns,
        form.get("sheet"),
    )


def _file() -> FileStorage:
    file_form(*FILE_FIELDS)
    file = request.files.get("csv_file")
    if file is None:
        raise MissingField(
            f"The form has no file csv_file. Send it as multipart/form-data: {CURL}"
        )
    return file


def _json(text: str | bytes) -> Any:
    # A long text takes many times its length while it is read: one at a time.
    with _reading:
        return json_value(text)


def _mode(text: str) -> str:
    if text not in MODES:
        raise BadParameter(
            "mode must be append, or replace to make the file the whole table, not"
            f" {quoted(text)}"
        )
    return text


def _field(name: str) -> str:
    value = request.form.get(name)
    if not value:
        raise MissingField(f"The form has no field {name}.")
    return value


def _batch() -> dict[str, Any]:
    """The fields of a batch, from a JSON body or from form fields."""
    text = batch_json()
    if text is None:
        batch_form(*BATCH_FIELDS)
        body: Any = {"table_name": _field("table_name")}
        body["data"] = _json(_field("data"))
        body["dry_run"] = request.form.get("dry_run")
    else:
        body = _json(text)
    if not isinstance(body, dict):
        raise BadRequest(
            'The body must be an object: {"table_name": ..., "data": [...]}'
        )
    refuse_others(body, BATCH_FIELDS, "member of the object")
    for name in ("table_name", "data"):
        if name not in body:
            raise MissingField(f"The JSON object has no member {name!r}.")
    if not isinstance(body["table_name"], str):
        raise BadRequest("table_name must be a string.")
    if not isinstance(body["data"], list):
        raise BadRequest(
            "data must be an array of rows, each an array in column order or an object"
            f" by column name, not {type(body['data']).__name__}."
        )
    return body
