"""Loads: the ledger, the build that includes a load, and undoing a load."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from api.errors import BadParameter, NotFound, UndeclaredParameter, UnknownLoad
from api.loading import LoadOptions, undo
from api.openapi.operations import operation
from api.openapi.parts import answer, as_json, number_in_path
from api.openapi.schemas import array_of
from api.routes.builds import build_brief
from api.routes.context import context
from api.routes.idempotency import once
from api.routes.parameters import (
    IDEMPOTENCY_KEY,
    PREFER,
    declared_only,
    newest_first,
    newest_first_parameters,
)
from api.routes.receipts import (
    Load,
    LoadWithBuild,
    load_document,
    receipt_responses,
    sender,
)

bp = Blueprint("loads", __name__)


@bp.get("/loads")
@operation(
    "loads",
    "The latest loads, newest first",
    parameters=newest_first_parameters(100),
    responses={"200": answer("Newest first.", as_json(array_of(Load)))},
    raises=(UndeclaredParameter, BadParameter),
)
def list_loads() -> Response:
    latest = context().warehouse.raw.loads(*newest_first(100))
    return jsonify([load_document(load) for load in latest])


@bp.get("/loads/<number:load_id>")
@operation(
    "loads",
    "A load and its build",
    parameters=[number_in_path("load_id")],
    responses={"200": answer("A load and its build.", as_json(LoadWithBuild))},
    raises=(UndeclaredParameter, UnknownLoad, NotFound),
)
def get_load(load_id: int) -> Response:
    declared_only()
    warehouse = context().warehouse
    load = warehouse.raw.load(load_id)
    build = build_brief(warehouse.builds.build_of_load(load_id))
    document: LoadWithBuild = {**load_document(load), "build": build}
    return jsonify(document)


@bp.delete("/loads/<number:load_id>")
@operation(
    "loads",
    "Undo a load, or the undo of one",
    description="The load is taken out as if it had never been: earlier"
    " versions of its rows come back. The ledger keeps both, the undo as an entry"
    " of its own, and deleting that brings the load back. Where it is so already,"
    " the entry that made it so is answered.",
    parameters=[number_in_path("load_id"), PREFER, IDEMPOTENCY_KEY],
    responses=receipt_responses(UnknownLoad, NotFound),
)
def undo_load(load_id: int) -> Response:
    declared_only()
    with once(LoadOptions(by=sender()), str(load_id)) as attempt:
        if attempt.replayed:
            return attempt.replayed
        store = context().warehouse.raw
        return attempt.answer(attempt.loaded or undo(store, load_id, attempt.options))
