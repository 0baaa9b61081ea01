"""Batches: up to a thousand rows as JSON, or as JSON in a form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from api import errors
from api.errors import BadRequest, MissingField
from api.intake import BATCH_ROWS
from api.loading import LoadOptions, check_batch, load_batch, table_named
from api.openapi.operations import Facts, operation
from api.openapi.parts import Node
from api.openapi.schemas import array_of, ref
from api.routes.bodies import (
    CURL_BATCH,
    batch_json,
    check_batch_form,
    check_query,
    form_field,
    parse_json,
)
from api.routes.context import context
from api.routes.idempotency import once
from api.routes.parameters import (
    DRY_RUN,
    DRY_RUN_FIELD,
    IDEMPOTENCY_KEY,
    PREFER,
    check_declared,
    is_dry_run,
    preferences,
    table_name_schema,
)
from api.routes.receipts import dry_run_response, receipt_responses, sender

FIELDS = ("table_name", "data", "dry_run")

bp = Blueprint("batches", __name__)


def _json_body(facts: Facts) -> Node:
    """A batch of each table, with the sample's rows as an example."""
    examples = {
        table.name: {
            "summary": table.description,
            "value": {
                "table_name": table.name,
                "data": list(facts.samples[table.name]),
            },
        }
        for table in facts.tables
        if facts.samples.get(table.name)
    }
    one = [_batch_of(table.name) for table in facts.tables]
    return {"schema": {"oneOf": one}, "examples": examples}


def _batch_of(table: str) -> Node:
    row = {"anyOf": [ref(f"{table}_object"), ref(f"{table}_array")]}
    rows = array_of(row) | {"minItems": 1, "maxItems": BATCH_ROWS}
    return {
        "type": "object",
        "title": table,
        "properties": {
            "table_name": {"const": table},
            "data": rows,
            "dry_run": DRY_RUN_FIELD,
        },
        "required": ["table_name", "data"],
        "additionalProperties": False,
    }


FORM: Node = {
    "schema": {
        "type": "object",
        "properties": {
            "table_name": table_name_schema,
            "data": {
                "type": "string",
                "minLength": 1,
                "contentMediaType": "application/json",
                "description": "The array of rows as JSON.",
            },
            "dry_run": DRY_RUN_FIELD,
        },
        "required": ["table_name", "data"],
        "additionalProperties": False,
    }
}


@bp.post("/insert_batch")
@operation(
    "uploads",
    f"Load 1 to {BATCH_ROWS} rows of JSON",
    description="Each row is an object by column name or an array in column"
    " order. A text that reads as a column's type is taken as well.",
    parameters=[DRY_RUN, PREFER, IDEMPOTENCY_KEY],
    requestBody={
        "required": True,
        "content": {
            "application/json": _json_body,
            "application/x-www-form-urlencoded": FORM,
        },
    },
    responses=receipt_responses(
        errors.BatchSize, errors.RowTooLong, errors.UnknownHeader
    ),
)
def insert_batch() -> Response:
    check_query(FIELDS, CURL_BATCH)
    body = _body()
    table, rows = table_named(context().contract, body["table_name"]), body["data"]
    strict = preferences().strict
    if is_dry_run(body.get("dry_run")):
        return dry_run_response(table, check_batch(table, rows, strict))
    with once(LoadOptions(strict=strict, by=sender()), [table.name, rows]) as attempt:
        if attempt.replayed:
            return attempt.replayed
        store = context().warehouse.raw
        return attempt.answer(
            attempt.loaded or load_batch(store, table, rows, attempt.options)
        )


def _body() -> dict[str, Any]:
    """The fields of a batch, from a JSON body or from form fields."""
    text = batch_json()
    if text is None:
        check_batch_form(*FIELDS)
        body: Any = {"table_name": form_field("table_name")}
        body["data"] = parse_json(form_field("data"))
        body["dry_run"] = request.form.get("dry_run")
    else:
        body = parse_json(text)
    if not isinstance(body, dict):
        raise BadRequest(
            'The body must be an object: {"table_name": ..., "data": [...]}'
        )
    check_declared(body, FIELDS, "member of the object")
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
