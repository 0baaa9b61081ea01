"""The upload tables: what a row has to be like, and how files are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api import errors
from api.contract import Table
from api.openapi.loading import OBSTACLES, table_in_path
from api.openapi.parts import answer, as_json, problems, whole_number
from api.openapi.schemas import array_of, ref

Node = dict[str, Any]


def paths(tables: Sequence[Table]) -> Node:
    """The contracts of the upload tables, and the readings that are remembered."""
    return {
        "/tables": {"get": _tables()},
        "/tables/{name}": {"get": _one_table(tables)},
        "/tables/{name}/template": {"get": _template(tables)},
        "/tables/{name}/readings/{reading_id}": {"delete": _forget(tables)},
    }


def _tables() -> Node:
    return {
        "operationId": "list_tables",
        "tags": ["tables"],
        "summary": "The upload tables, and how much was loaded",
        "responses": {
            "200": answer("All of them.", as_json(array_of(ref("Table")))),
            **problems(errors.UndeclaredParameter),
        },
    }


def _one_table(tables: Sequence[Table]) -> Node:
    return {
        "operationId": "get_table",
        "tags": ["tables"],
        "summary": "One upload table",
        "parameters": [table_in_path(tables)],
        "responses": {
            "200": answer("The table.", as_json(ref("Table"))),
            **problems(errors.UndeclaredParameter, errors.UnknownTable),
        },
    }


def _forget(tables: Sequence[Table]) -> Node:
    number = {
        "name": "reading_id",
        "in": "path",
        "required": True,
        "schema": whole_number(1, 2**63 - 1),
    }
    return {
        "operationId": "forget_reading",
        "tags": ["tables"],
        "summary": "Take a remembered reading back",
        "description": "Files under its header are read by themselves again, or asked"
        " about. What was loaded stays.",
        "parameters": [table_in_path(tables), number],
        "responses": {
            "204": answer("It is gone."),
            **problems(
                errors.UndeclaredParameter,
                errors.UnknownTable,
                errors.UnknownReading,
                *OBSTACLES,
            ),
        },
    }


def _template(tables: Sequence[Table]) -> Node:
    header = {"text/csv": {"schema": {"type": "string"}}}
    return {
        "operationId": "get_template",
        "tags": ["tables"],
        "summary": "A CSV file to fill in: the table's header",
        "parameters": [table_in_path(tables)],
        "responses": {
            "200": answer("The file.", header, ["Content-Disposition"]),
            **problems(errors.UndeclaredParameter, errors.UnknownTable),
        },
    }
