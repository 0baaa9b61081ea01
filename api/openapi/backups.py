"""Backups of tables, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api import errors
from api.contract import Table
from api.formats.avro import MEDIA_TYPE
from api.openapi.loading import KEY, PREFER, answers, dry_run, table_in_path
from api.openapi.parts import answer, problems

Node = dict[str, Any]

FILE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}


def paths(tables: Sequence[Table]) -> Node:
    """A table out as a file, and in again."""
    return {
        "/tables/{name}/backup": {"get": _backup(tables)},
        "/tables/{name}/restore": {"post": _restore(tables)},
    }


def _backup(tables: Sequence[Table]) -> Node:
    return {
        "operationId": "backup_table",
        "tags": ["tables"],
        "summary": "The table as it stands, as an Avro file",
        "description": "Of each key the newest row that counts.",
        "parameters": [table_in_path(tables)],
        "responses": {
            "200": answer("The file.", FILE, ["Content-Disposition"]),
            **problems(
                errors.UndeclaredParameter,
                errors.UnknownTable,
                errors.WarehouseDamaged,
                errors.WarehouseUnreachable,
                errors.StorageFull,
            ),
        },
    }


def _restore(tables: Sequence[Table]) -> Node:
    return {
        "operationId": "restore_table",
        "tags": ["tables"],
        "summary": "Make an Avro file the whole table",
        "description": "A load that can be undone. All or nothing, unless asked with"
        " `Prefer: handling=lenient`.",
        "parameters": [table_in_path(tables), dry_run(), PREFER, KEY],
        "requestBody": {"required": True, "content": FILE},
        "responses": answers(errors.UnreadableFile, errors.NotAvro),
    }
