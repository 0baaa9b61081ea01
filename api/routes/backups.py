"""Backups: a table as an Avro file, and such a file as the whole table again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from flask import Blueprint, Response, request, send_file

from api.errors import UnsupportedMediaType
from api.formats.avro import MEDIA_TYPE, write_avro
from api.loading import Receipt, Terms, check_avro, limits_of, load_avro, table_named
from api.routes.context import Context
from api.routes.reading import declared_only, is_dry_run, preferences
from api.routes.receipts import digest_of_file, once, reported, sender

TAKEN = (MEDIA_TYPE, "application/octet-stream", "avro/binary", "")
COPIED_AT_ONCE = 1 << 20


def routes(context: Context) -> Blueprint:
    """The routes of backups."""
    noun = Blueprint("backups", __name__, url_prefix="/tables/<name>")
    store, limits = context.warehouse.raw, limits_of(context.settings)

    @noun.get("/backup")
    def backup(name: str) -> Response:
        declared_only()
        table = table_named(context.contract, name)
        # Whole before it is sent: a slow client must not keep the moment from passing.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        with store.moment() as moment, moment.newest(table) as (count, rows):
            write_avro(table, rows, count, file)
        file.seek(0)
        return send_file(
            file,
            mimetype=MEDIA_TYPE,
            as_attachment=True,
            download_name=f"{table.name}.avro",
        )

    @noun.post("/restore")
    def restore(name: str) -> Response:
        declared_only("dry_run")
        table = table_named(context.contract, name)
        # Rows that are left out of a restore are lost: all or nothing unless told.
        strict = not preferences().lenient
        with _body() as file:

            def load(terms: Terms) -> Receipt:
                return load_avro(store, table, file, None, terms)

            if is_dry_run():
                return reported(table, check_avro(table, file, strict, limits))
            terms = Terms("replace", strict, by=sender(), limits=limits)
            return once(context, load, terms, lambda: digest_of_file(file))

    return noun


@contextmanager
def _body() -> Iterator[BinaryIO]:
    """The whole body in a file, so that the warehouse does not wait for the client."""
    if request.mimetype not in TAKEN:
        raise UnsupportedMediaType(
            f"A backup is sent as it is, as {MEDIA_TYPE}, not {request.mimetype!r}:"
            f" curl --data-binary @FILE.avro -H 'Content-Type: {MEDIA_TYPE}' URL"
        )
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(request.stream, file, COPIED_AT_ONCE)
        file.seek(0)
        yield cast(BinaryIO, file)
