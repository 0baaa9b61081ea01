"""Backups: a table as an Avro file, and restoring the table from such a file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from flask import Blueprint, Response, request, send_file

from api import errors
from api.errors import UnsupportedMediaType
from api.formats.avro import MEDIA_TYPE, write_avro
from api.loading import LoadOptions, check_avro, limits_of, load_avro, table_named
from api.openapi.operations import operation
from api.openapi.parts import Node, answer
from api.routes.context import context
from api.routes.idempotency import once
from api.routes.parameters import (
    DRY_RUN,
    IDEMPOTENCY_KEY,
    PREFER,
    declared_only,
    is_dry_run,
    preferences,
    table_in_path,
)
from api.routes.receipts import dry_run_response, receipt_responses, sender

ACCEPTED_TYPES = (MEDIA_TYPE, "application/octet-stream", "avro/binary", "")
PIECE_BYTES = 1 << 20
FILE: Node = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}

bp = Blueprint("backups", __name__)


@bp.get("/tables/<name>/backup")
@operation(
    "tables",
    "The table as it stands, as an Avro file",
    description="Of each key the newest row that counts.",
    parameters=[table_in_path],
    responses={"200": answer("The file.", FILE, ["Content-Disposition"])},
    raises=(
        errors.UndeclaredParameter,
        errors.UnknownTable,
        errors.WarehouseDamaged,
        errors.WarehouseUnreachable,
        errors.StorageFull,
    ),
)
def backup_table(name: str) -> Response:
    declared_only()
    table = table_named(context().contract, name)
    store = context().warehouse.raw
    # Written before it is sent: a slow client must not hold the transaction open.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with store.moment() as moment, moment.newest(table) as (count, rows):
        write_avro(table, rows, count, file)
    file.seek(0)
    return send_file(
        file,
        mimetype=MEDIA_TYPE,
        as_attachment=True,
        download_name=f"{table.name}.avro",
    )


@bp.post("/tables/<name>/restore")
@operation(
    "tables",
    "Make an Avro file the whole table",
    description="A load that can be undone. All or nothing, unless asked with"
    " `Prefer: handling=lenient`.",
    parameters=[table_in_path, DRY_RUN, PREFER, IDEMPOTENCY_KEY],
    requestBody={"required": True, "content": FILE},
    responses=receipt_responses(errors.UnreadableFile, errors.NotAvro),
)
def restore_table(name: str) -> Response:
    declared_only("dry_run")
    table = table_named(context().contract, name)
    limits = limits_of(context().settings)
    # Rows that a restore leaves out are lost: all or nothing, unless `lenient`.
    strict = not preferences().lenient
    with _body() as file:
        if is_dry_run():
            return dry_run_response(table, check_avro(table, file, strict, limits))
        options = LoadOptions("replace", strict, by=sender(), limits=limits)
        with once(options, file) as attempt:
            if attempt.replayed:
                return attempt.replayed
            store = context().warehouse.raw
            return attempt.answer(
                attempt.loaded or load_avro(store, table, file, None, attempt.options)
            )


@contextmanager
def _body() -> Iterator[BinaryIO]:
    """The body as a file, so that the warehouse does not wait for the client."""
    if request.mimetype not in ACCEPTED_TYPES:
        raise UnsupportedMediaType(
            f"A backup is sent as it is, as {MEDIA_TYPE}, not {request.mimetype!r}:"
            f" curl --data-binary @FILE.avro -H 'Content-Type: {MEDIA_TYPE}' URL"
        )
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(request.stream, file, PIECE_BYTES)
        file.seek(0)
        yield cast(BinaryIO, file)
