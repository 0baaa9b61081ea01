"""The two doors that rows come in by: a CSV file, or a batch of JSON rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, jsonify, request, url_for

from api.context import Context
from api.contract import Table
from api.documents.loads import DryRun, MinimalReceipt
from api.documents.loads import Receipt as ReceiptDocument
from api.errors import (
    BadParameter,
    BadRequest,
    IdempotencyKeyReused,
    MissingField,
    UnsupportedMediaType,
)
from api.loading import (
    REJECTS_SHOWN,
    Receipt,
    Report,
    Terms,
    check_batch,
    check_csv,
    load_batch,
    load_csv,
    receipt_of,
    table_named,
)
from api.routes.builds import build_brief
from api.routes.loads import load_document
from api.routes.reading import (
    declared_only,
    form_only,
    is_true,
    json_value,
    preferences,
    refuse_others,
)
from api.warehouse import Build, KeyedRequest

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FILE_FIELDS = ("csv_file", "table_name", "dry_run")
BATCH_FIELDS = ("table_name", "data", "dry_run")
LONGEST_KEY = 255
CURL = "curl -F csv_file=@FILE.csv -F table_name=TABLE URL"

Load = Callable[[Terms], Receipt]


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
                return _reported(table, check_csv(table, stream, preferences().strict))
            return _once(context, load, table, lambda: _digest_of_file(stream))

    @noun.post("/insert_batch")
    def insert_batch() -> Response:
        declared_only("dry_run")
        body = _batch()
        table, rows = table_named(context.contract, body["table_name"]), body["data"]
        if _is_dry_run(body.get("dry_run")):
            return _reported(table, check_batch(table, rows, preferences().strict))

        def load(terms: Terms) -> Receipt:
            return load_batch(store, table, rows, terms)

        return _once(context, load, table, lambda: _digest(json.dumps(rows).encode()))

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


def _once(
    context: Context, load: Load, table: Table, digest: Callable[[], str]
) -> Response:
    """Load, and answer; under an Idempotency-Key at most once, however often asked."""
    key = _idempotency_key()
    if key is None:
        return _answer(context, load(_terms()))
    requests = context.warehouse.raw.requests
    with requests.at_work(key):
        keyed = KeyedRequest(key, _fingerprint(table, digest()))
        known = requests.known(key)
        if known is None:
            response = _answer(context, load(_terms(keyed)))
        elif known.fingerprint != keyed.fingerprint:
            raise IdempotencyKeyReused(
                f"The Idempotency-Key {key[:60]!r} came with another request before,"
                f" which is load {known.load_id}. Send this one under a key of its own."
            )
        elif known.status is not None and known.answer is not None:
            return _replayed(known.load_id, known.status, known.answer)
        else:
            # It was loaded, and its process ended before the answer.
            store = context.warehouse.raw
            made = receipt_of(store, store.load(known.load_id))
            response = _answer(context, made)
        requests.answered(key, response.status_code, response.get_data(as_text=True))
        return response


def _terms(keyed: KeyedRequest | None = None) -> Terms:
    return Terms(preferences().strict, keyed)


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadParameter(
            f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters,"
            " such as a UUID."
        )
    return key


def _fingerprint(table: Table, digest: str) -> str:
    """All that a request asks for, but not how it likes to be told of it."""
    strict = str(preferences().strict)
    return _digest("\n".join([request.path, table.name, strict, digest]).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of_file(stream: BinaryIO) -> str:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return digest


def _answer(context: Context, receipt: Receipt) -> Response:
    """Wait for the build that holds the load, unless the client would rather not."""
    wanted = preferences()
    load_id = receipt.load.load_id
    build = None
    if not wanted.respond_async:
        build = context.wait_for_load(load_id, wanted.wait)
    response = jsonify(_body(context, receipt, build, wanted.minimal))
    response.status_code = _status(receipt, build)
    response.headers["Location"] = url_for("loads.one_load", load_id=load_id)
    if wanted.applied:
        response.headers["Preference-Applied"] = wanted.applied
    return response


def _body(
    context: Context, receipt: Receipt, build: Build | None, minimal: bool
) -> ReceiptDocument | MinimalReceipt:
    load = receipt.load
    if minimal:
        return {
            "load_id": load.load_id,
            "received": load.received,
            "loaded": load.loaded,
            "rejected": load.rejected,
        }
    shown: list[Any] = receipt.rejects[:REJECTS_SHOWN]
    return {
        **load_document(load),
        "rejects": shown,
        "already_loaded": receipt.already,
        "build": build_brief(build, context.builder_is_running),
    }


def _status(receipt: Receipt, build: Build | None) -> int:
    if build is None:
        return 202
    return 200 if receipt.already else 201


def _replayed(load_id: int, status: int, answer: str) -> Response:
    response = Response(answer, status, mimetype="application/json")
    response.headers["Location"] = url_for("loads.one_load", load_id=load_id)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _reported(table: Table, report: Report) -> Response:
    document: DryRun = {"dry_run": True, "table": table.name, **asdict(report)}  # type: ignore[typeddict-item]
    return jsonify(document)


def _is_dry_run(field: object) -> bool:
    """Asked for in the form or the body, or in the query."""
    given = request.args.get("dry_run") if field is None else field
    return is_true("dry_run", given)


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
