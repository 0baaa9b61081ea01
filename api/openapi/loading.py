"""What everything that makes a load has in common: parameters, responses, errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api import errors
from api.contract import Table
from api.openapi.parts import (
    WRITING,
    answer,
    as_json,
    header_parameter,
    problems,
    query,
)
from api.openapi.schemas import ref

Node = dict[str, Any]

DRY_RUN: Node = {
    "type": "boolean",
    "default": False,
    "description": "Tell what a load would come to, and store nothing.",
}
PREFER = header_parameter(
    "Prefer",
    {"type": "string", "examples": ["respond-async, handling=strict"]},
    "`respond-async`: answer once it is stored, without waiting for the build;"
    " `wait=5`: wait at most so many seconds; `handling=strict`: all or nothing;"
    " `return=minimal`: only the counts. RFC 7240.",
)
KEY = header_parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    "Any text of your own, such as a UUID: however often the request is repeated under"
    " it within seven days, the rows are loaded once.",
)
LOADED = ("Location", "Preference-Applied", "Idempotency-Replayed")
BAD_REQUESTS = (
    errors.BadRequest,
    errors.MissingField,
    errors.UndeclaredParameter,
    errors.BadParameter,
    errors.UnknownTable,
    errors.RequestInProgress,
    errors.UnsupportedMediaType,
    errors.NoUsableRow,
    errors.RowsRejected,
    errors.IdempotencyKeyReused,
)
# What may be in the way of anything that is written.
OBSTACLES = (
    *WRITING,
    errors.WarehouseBusy,
    errors.WarehouseReadOnly,
    errors.WarehouseDamaged,
    errors.WarehouseUnreachable,
    errors.StorageFull,
)


def answers(*also: type[errors.Problem], tried: Sequence[str] = ()) -> Node:
    """The responses to what makes a load; `also` are errors of its own.

    `tried` are shapes of the answer to a dry run of its own.
    """
    receipt = {"anyOf": [ref("Receipt"), ref("MinimalReceipt")]}
    nothing_new = ("DryRun", *tried, "Receipt", "MinimalReceipt")
    optional = ("Preference-Applied", "Idempotency-Replayed")
    return {
        "200": answer(
            "Nothing new was stored: a dry run, or it was so before.",
            as_json({"anyOf": [*map(ref, nothing_new)]}),
            optional,
        ),
        "201": answer("Loaded, and the build is done.", as_json(receipt), LOADED),
        "202": answer("Loaded, and the build will follow.", as_json(receipt), LOADED),
        **problems(*BAD_REQUESTS, *OBSTACLES, *also),
    }


def dry_run() -> Node:
    """The query parameter that tries without storing."""
    schema = {"type": "boolean", "default": False}
    return query("dry_run", schema, str(DRY_RUN["description"]))


def names(tables: Sequence[Table]) -> Node:
    """The name of an upload table."""
    return {"type": "string", "enum": [table.name for table in tables]}


def table_in_path(tables: Sequence[Table]) -> Node:
    """The parameter of an address below a table's."""
    return {"name": "name", "in": "path", "required": True, "schema": names(tables)}
