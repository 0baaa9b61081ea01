"""The bodies of uploads and batches: what they must be, and errors with an example."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any

from flask import request

from api.errors import (
    BadRequest,
    MissingField,
    UndeclaredParameter,
    UnsupportedMediaType,
)
from api.intake.json_text import json_value
from api.middleware.admission import WHOLE_BYTES
from api.routes.forms import CURL_FILE
from api.routes.parameters import check_form_fields, declared_only
from api.wording import quoted

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
CURL_BATCH = (
    "curl -H 'Content-Type: application/json'"
    """ -d '{"table_name": "TABLE", "data": [[...], ...]}' URL"""
)
FILE_HINT = f"A CSV file goes to /upload_csv: {CURL_FILE}"
SHOWN_BYTES = 300
_FIELD = re.compile(rb"[\w.-]+=")
_BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_parsing = threading.Lock()


def check_query(fields: Sequence[str], written: str) -> None:
    """Raise for a query with anything but dry_run, naming where `fields` belong.

    `written` is an example of a request that has them there.
    """
    for name in request.args:
        if name in fields and name != "dry_run":
            raise UndeclaredParameter(
                f"{name} stands in the address, and is a field of the body:"
                f" send it beside the others, as {written}",
                declared=["dry_run"],
            )
    declared_only("dry_run")


def check_file_form(*fields: str) -> None:
    """Raise unless the body is a form of these fields with a file in it."""
    kind = request.mimetype
    if _is_empty():
        raise MissingField(
            f"The request has no body. Send the file in a form: {CURL_FILE}"
        )
    if kind != MULTIPART and not (kind == URLENCODED and _has_fields()):
        raise UnsupportedMediaType(
            f"A file is sent in a form, as {MULTIPART}; this body says that it is"
            f" {quoted(kind or 'of no kind')}. Write {CURL_FILE}"
        )
    if "csv_file" not in request.files:
        others = [name for name in request.files if name not in fields]
        if others:
            raise UndeclaredParameter(
                f"The file comes in the field {quoted(others[0])}; the field for it is"
                f" csv_file: {CURL_FILE}",
                declared=list(fields),
            )
        if "csv_file" in request.form:
            raise MissingField(
                "The field csv_file holds a text, not a file. Put @ before the name of"
                f" the file: {CURL_FILE}"
            )
    check_form_fields(*fields)


def batch_json() -> bytes | None:
    """The body of a batch if it is JSON, by its header or by how it begins.

    `curl -d` declares every body as form fields, which do not begin like an object.
    """
    kind = request.mimetype
    if not (request.is_json or kind in ("", URLENCODED)):
        return None
    body = request.get_data()
    if not body.strip():
        raise BadRequest(f"The request has no body. Send {CURL_BATCH}")
    if body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
        return body
    if kind == URLENCODED and _has_fields():
        return None
    raise BadRequest(
        "The body is neither a JSON object nor form fields; it begins with"
        f" {quoted(body[:SHOWN_BYTES].decode('utf-8', 'replace'))}. Send {CURL_BATCH}."
        f" {FILE_HINT}"
    )


def check_batch_form(*fields: str) -> None:
    """Raise unless the body is a form of these fields."""
    if request.mimetype not in (MULTIPART, URLENCODED):
        raise UnsupportedMediaType(
            f"A batch is JSON, or form fields, not {quoted(request.mimetype)}. Send"
            f" {CURL_BATCH}. {FILE_HINT}"
        )
    for name in request.files:
        if name not in fields:
            raise UndeclaredParameter(
                f"A batch takes no file, and {quoted(name)} is one. {FILE_HINT}",
                declared=list(fields),
            )
        raise MissingField(
            f"The field {name} is a file. Send what is in it: -F '{name}=<FILE'"
        )
    check_form_fields(*fields)


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; raises BadRequest."""
    # Parsing a long text takes many times its length in memory: one at a time.
    with _parsing:
        return json_value(text)


def form_field(name: str) -> str:
    """The value of a required form field; raises MissingField."""
    value = request.form.get(name)
    if not value:
        raise MissingField(f"The form has no field {name}.")
    return value


def _is_empty() -> bool:
    length = request.content_length
    return length == 0 or (
        length is None and not request.headers.get("Transfer-Encoding")
    )


def _has_fields() -> bool:
    """Whether the body begins as form fields do; one too long to read does not."""
    if (request.content_length or 0) > WHOLE_BYTES:
        return False
    return bool(_FIELD.match(request.get_data()))
