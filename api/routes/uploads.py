"""The two doors that rows come in by: a CSV file, or a batch of JSON rows."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, request

from api.context import Context
from api.contract import Table
from api.errors import BadRequest, MissingField, UnsupportedMediaType
from api.loading import (
    Receipt,
    Terms,
    check_batch,
    check_csv,
    load_batch,
    load_csv,
    table_named,
)
from api.routes.reading import (
    declared_only,
    form_only,
    is_true,
    json_value,
    preferences,
    refuse_others,
)
from api.routes.receipts import digest, digest_of_file, once, reported

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FILE_FIELDS = ("csv_file", "table_name", "dry_run")
BATCH_FIELDS = ("table_name", "data", "dry_run")
CURL = "curl -F csv_file=@FILE.csv -F table_name=TABLE URL"

# Files checked at a time without being loaded: each takes some 25 MB while it is read.
# Those to be loaded take turns anyway.
_checks = threading.BoundedSemaphore(4)


def routes(context: Context) -> Blueprint:
    """The routes of the doors."""
    noun = Blueprint("uploads", __name__)
    store = context.warehouse.raw

    @noun.post("/upload_csv")
    def upload_csv() -> Response:
        declared_only("dry_run")
        table, stream, file_name = _file(context)

        def load(terms: Terms) -> Receipt:
            return load_csv(store, table, stream, file_name, terms)

        # A large one is a file on disk, which goes when it is closed.
        with closing(stream):
            if _is_dry_run(request.form.get("dry_run")):
                with _checks:
                    report = check_csv(table, stream, preferences().strict)
                return reported(table, report)
            return once(context, load, table, lambda: digest_of_file(stream))

    @noun.post("/insert_batch")
    def insert_batch() -> Response:
        declared_only("dry_run")
        body = _batch()
        table, rows = table_named(context.contract, body["table_name"]), body["data"]
        if _is_dry_run(body.get("dry_run")):
            return reported(table, check_batch(table, rows, preferences().strict))

        def load(terms: Terms) -> Receipt:
            return load_batch(store, table, rows, terms)

        return once(context, load, table, lambda: digest(json.dumps(rows).encode()))

    return noun


def _file(context: Context) -> tuple[Table, BinaryIO, str | None]:
    if request.mimetype not in (*FORMS, ""):
        raise UnsupportedMediaType(
            f"A file is sent as multipart/form-data, not {request.mimetype!r}: {CURL}"
        )
    form_only(*FILE_FIELDS)
    table = table_named(context.contract, _field("table_name"))
    file = request.files.get("csv_file")
    if file is None:
        raise MissingField(
            f"The form has no file csv_file. Send it as multipart/form-data: {CURL}"
        )
    return table, cast(BinaryIO, file.stream), file.filename or None


def _is_dry_run(field: object) -> bool:
    """Asked for in the form or the body, or in the query: either will do."""
    asked = [
        is_true("dry_run", given) for given in (field, request.args.get("dry_run"))
    ]
    return any(asked)


def _field(name: str) -> str:
    value = request.form.get(name)
    if not value:
        raise MissingField(f"The form has no field {name}.")
    return value


def _batch() -> dict[str, Any]:
    """The fields of a batch, from a JSON body or from form fields."""
    if request.mimetype in FORMS:
        form_only(*BATCH_FIELDS)
        body: Any = {"table_name": _field("table_name")}
        body["data"] = json_value(_field("data"))
        body["dry_run"] = request.form.get("dry_run")
    elif request.mimetype == "" or request.is_json:
        body = json_value(request.get_data())
    else:
        raise UnsupportedMediaType(
            f"A batch is JSON, or form fields, not {request.mimetype!r}: send the"
            " header Content-Type: application/json"
        )
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
