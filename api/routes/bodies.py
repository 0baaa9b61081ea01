"""What a body has to be at each of the two doors, and what to write where it is not."""

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
from api.routes.forms import CURL
from api.routes.parameters import declared_only, form_only
from api.wording import quoted

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
BATCH = (
    "curl -H 'Content-Type: application/json'"
    """ -d '{"table_name": "TABLE", "data": [[...], ...]}' URL"""
)
OR_A_FILE = f"A CSV file goes to /upload_csv: {CURL}"
SHOWN_BYTES = 300
_FIELD = re.compile(rb"[\w.-]+=")
_BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_reading = threading.Lock()


def dry_run_only(fields: Sequence[str], written: str) -> None:
    """Refuse a query with anything but dry_run, saying where these fields belong."""
    for name in request.args:
        if name in fields and name != "dry_run":
            raise UndeclaredParameter(
                f"{name} stands in the address, and is a field of the body:"
                f" send it beside the others, as {written}",
                declared=["dry_run"],
            )
    declared_only("dry_run")


def file_form(*fields: str) -> None:
    """Refuse what is no form of these fields with a file in it."""
    kind = request.mimetype
    if _is_empty():
        raise MissingField(f"The request has no body. Send the file in a form: {CURL}")
    if kind != MULTIPART and not (kind == URLENCODED and _has_fields()):
        raise UnsupportedMediaType(
            f"A file is sent in a form, as {MULTIPART}; this body says that it is"
            f" {quoted(kind or 'of no kind')}. Write {CURL}"
        )
    if "csv_file" not in request.files:
        others = [name for name in request.files if name not in fields]
        if others:
            raise UndeclaredParameter(
                f"The file comes in the field {quoted(others[0])}; the field for it is"
                f" csv_file: {CURL}",
                declared=list(fields),
            )
        if "csv_file" in request.form:
            raise MissingField(
                "The field csv_file holds a text, not a file. Put @ before the name of"
                f" the file: {CURL}"
            )
    form_only(*fields)


def batch_json() -> bytes | None:
    """The body of a batch if it is JSON, by its header or by what it is.

    `curl -d` says that all is form fields, and those do not begin like an object.
    """
    kind = request.mimetype
    if not (request.is_json or kind in ("", URLENCODED)):
        return None
    body = request.get_data()
    if not body.strip():
        raise BadRequest(f"The request has no body. Send {BATCH}")
    if body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
        return body
    if kind == URLENCODED and _has_fields():
        return None
    raise BadRequest(
        "The body is neither a JSON object nor form fields; it begins with"
        f" {quoted(body[:SHOWN_BYTES].decode('utf-8', 'replace'))}. Send {BATCH}."
        f" {OR_A_FILE}"
    )


def batch_form(*fields: str) -> None:
    """Refuse what is no form of these fields."""
    if request.mimetype not in (MULTIPART, URLENCODED):
        raise UnsupportedMediaType(
            f"A batch is JSON, or form fields, not {quoted(request.mimetype)}. Send"
            f" {BATCH}. {OR_A_FILE}"
        )
    for name in request.files:
        if name not in fields:
            raise UndeclaredParameter(
                f"A batch takes no file, and {quoted(name)} is one. {OR_A_FILE}",
                declared=list(fields),
            )
        raise MissingField(
            f"The field {name} is a file. Send what is in it: -F '{name}=<FILE'"
        )
    form_only(*fields)


def json_of(text: str | bytes) -> Any:
    """A JSON text as values; raises BadRequest."""
    # A long text takes many times its length while it is read: one at a time.
    with _reading:
        return json_value(text)


def field_of_form(name: str) -> str:
    """A field that the form has to have; raises MissingField."""
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
    """Whether the body begins as form fields do, and may be read to see that."""
    if (request.content_length or 0) > WHOLE_BYTES:
        return False
    return bool(_FIELD.match(request.get_data()))
