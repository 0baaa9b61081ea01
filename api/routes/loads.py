"""Loads: the two doors that rows come in by, and the ledger of what came in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, jsonify, request, url_for

from api.context import Context
from api.errors import BadRequest, MissingField
from api.loading import (
    REJECTS_SHOWN,
    Receipt,
    load_batch,
    load_csv,
    reject_document,
    table_named,
)
from api.routes.builds import build_brief
from api.routes.reading import (
    NEWEST,
    declared_only,
    form_only,
    json_value,
    newest_first,
    preferences,
    refuse_others,
    whole_number,
)
from api.warehouse import Build, Load

BATCH_FIELDS = ("table_name", "data")


def routes(context: Context) -> Blueprint:
    """The routes of loads."""
    noun = Blueprint("loads", __name__)
    store = context.warehouse.raw

    @noun.post("/upload_csv")
    def upload_csv() -> tuple[Response, int]:
        declared_only()
        form_only("csv_file", "table_name")
        table = table_named(context.contract, _field("table_name"))
        file = request.files.get("csv_file")
        if file is None:
            raise MissingField(
                "The form has no file csv_file. Send it as multipart/form-data:"
                " curl -F csv_file=@FILE.csv -F table_name=TABLE URL"
            )
        stream = cast(BinaryIO, file.stream)
        receipt = load_csv(store, table, stream, file.filename or None)
        return _answer(context, receipt)

    @noun.post("/insert_batch")
    def insert_batch() -> tuple[Response, int]:
        declared_only()
        name, rows = _batch()
        receipt = load_batch(store, table_named(context.contract, name), rows)
        return _answer(context, receipt)

    @noun.get("/loads")
    def list_loads() -> Response:
        found = store.loads(*newest_first(100))
        return jsonify([_load_document(load) for load in found])

    @noun.get("/loads/<int:load_id>")
    def one_load(load_id: int) -> Response:
        declared_only()
        load = store.load(load_id)
        build = context.warehouse.published.build_of_load(load_id)
        return jsonify(_load_document(load) | {"build": build_brief(build)})

    @noun.get("/loads/<int:load_id>/rejects")
    def rejects(load_id: int) -> Response:
        declared_only("limit", "after")
        load = store.load(load_id)
        limit = whole_number("limit", 1000, 1, 10_000)
        found = store.rejects(load_id, limit, whole_number("after", 0, 0, NEWEST))
        more = {"limit": limit, "after": found[-1]["reject_id"]} if found else {}
        here = url_for("loads.rejects", load_id=load_id, **more)
        return jsonify(
            load_id=load_id,
            table=load.table_name,
            rejected=load.rejected,
            rejects=[reject_document(**row) for row in found],
            next=here if len(found) == limit else None,
        )

    return noun


def _answer(context: Context, receipt: Receipt) -> tuple[Response, int]:
    """Wait for the build that holds the load, unless the client would rather not."""
    respond_async, seconds = preferences()
    load_id = receipt.load.load_id
    build = None if respond_async else context.wait_for_load(load_id, seconds)
    body = _load_document(receipt.load)
    body["rejects"] = receipt.rejects[:REJECTS_SHOWN]
    body["already_loaded"] = receipt.already
    body["build"] = build_brief(build, context.builder_is_running)
    response = jsonify(body)
    response.headers["Location"] = url_for("loads.one_load", load_id=load_id)
    if respond_async:
        response.headers["Preference-Applied"] = "respond-async"
    return response, _status(receipt, build)


def _status(receipt: Receipt, build: Build | None) -> int:
    if build is None:
        return 202
    return 200 if receipt.already else 201


def _load_document(load: Load) -> dict[str, Any]:
    body = asdict(load)
    table = body.pop("table_name")
    rejects_url = url_for("loads.rejects", load_id=load.load_id)
    return {"load_id": body.pop("load_id"), "table": table, **body} | {
        "rejects_url": rejects_url
    }


def _field(name: str) -> str:
    value = request.form.get(name)
    if not value:
        raise MissingField(f"The form has no field {name}.")
    return value


def _batch() -> tuple[str, list[object]]:
    """The table's name and the rows, from a JSON body or from form fields."""
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form_only(*BATCH_FIELDS)
        return _field("table_name"), _rows(json_value(_field("data")))
    body = json_value(request.get_data())
    if not isinstance(body, dict):
        raise BadRequest(
            'The body must be an object: {"table_name": ..., "data": [...]}'
        )
    refuse_others(body, BATCH_FIELDS, "member of the object")
    for name in BATCH_FIELDS:
        if name not in body:
            raise MissingField(f"The JSON object has no member {name!r}.")
    if not isinstance(body["table_name"], str):
        raise BadRequest("table_name must be a string.")
    return body["table_name"], _rows(body["data"])


def _rows(data: Any) -> list[object]:
    if not isinstance(data, list):
        raise BadRequest(
            "data must be an array of rows, each an array in column order or an object"
            f" by column name, not {type(data).__name__}."
        )
    return data
