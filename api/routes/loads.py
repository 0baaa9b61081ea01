"""The ledger: what came in, which build holds it, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request, stream_with_context, url_for

from api.documents.loads import Load as LoadDocument
from api.documents.loads import LoadWithBuild, RejectsPage
from api.errors import NotAcceptable
from api.formats.rejects_csv import rejects_csv
from api.loading import RAW_SHOWN, reject_document, table_named
from api.routes.builds import build_brief
from api.routes.context import Context
from api.routes.reading import (
    NEWEST,
    declared_only,
    newest_first,
    one_of,
    whole_number,
)
from api.warehouse.ledger import Load
from api.warehouse.raw_store import RawStore

PAGE = 1_000
# Of whole rows, each of which may be a megabyte long.
PAGE_OF_WHOLE = 50
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


def routes(context: Context) -> Blueprint:
    """The routes of the ledger."""
    noun = Blueprint("loads", __name__)
    store = context.warehouse.raw

    @noun.get("/loads")
    def list_loads() -> Response:
        found = store.loads(*newest_first(100))
        return jsonify([load_document(load) for load in found])

    @noun.get("/loads/<number:load_id>")
    def one_load(load_id: int) -> Response:
        declared_only()
        load = store.load(load_id)
        build = context.warehouse.builds.build_of_load(load_id)
        document: LoadWithBuild = {**load_document(load), "build": build_brief(build)}
        return jsonify(document)

    @noun.get("/loads/<number:load_id>/rejects")
    def rejects(load_id: int) -> Response:
        declared_only("limit", "after", "format", "spreadsheet")
        load = store.load(load_id)
        page = _page(store, load)
        spreadsheet = one_of("spreadsheet", ("false", "true")) == "true"
        if _wanted_format() == "csv":
            return _csv(context, load, spreadsheet)
        return jsonify(page)

    return noun


def load_document(load: Load) -> LoadDocument:
    """A load as it is told."""
    mode: Any = load.mode
    source: Any = load.source
    return {
        "load_id": load.load_id,
        "table": load.table_name,
        "mode": mode,
        "of_load": load.of_load,
        "counts": load.counts,
        "undone_by": load.undone_by,
        "source": source,
        "file_name": load.file_name,
        "sha256": load.sha256,
        "reading": load.reading,
        "received": load.received,
        "loaded": load.loaded,
        "rejected": load.rejected,
        "loaded_at": load.loaded_at,
        "actor": load.actor,
        "request_id": load.request_id,
        "rejects_url": url_for("loads.rejects", load_id=load.load_id),
    }


def _wanted_format() -> str:
    """What `format` names, else what Accept likes best."""
    if "format" in request.args or not request.accept_mimetypes:
        return one_of("format", tuple(MEDIA_TYPES))
    best = request.accept_mimetypes.best_match(MEDIA_TYPES.values())
    if best is None:
        known = ", ".join(MEDIA_TYPES.values())
        raise NotAcceptable(f"Rejects are told as {known}; Accept wants none of them.")
    return next(name for name, kind in MEDIA_TYPES.items() if kind == best)


def _page(store: RawStore, load: Load) -> RejectsPage:
    limit = whole_number("limit", PAGE, 1, 10_000)
    after = whole_number("after", 0, 0, NEWEST)
    # One character more, so that it shows where something is left out.
    found = store.rejects(load.load_id, limit, after, RAW_SHOWN + 1)
    more = {"limit": limit, "after": found[-1]["reject_id"]} if found else {}
    here = url_for("loads.rejects", load_id=load.load_id, **more)
    told: list[Any] = [reject_document(**row) for row in found]
    return {
        "load_id": load.load_id,
        "table": load.table_name,
        "rejected": load.rejected,
        "rejects": told,
        "next": here if len(found) == limit else None,
    }


def _csv(context: Context, load: Load, spreadsheet: bool) -> Response:
    """All rejects, however many, as a file that can be mended and uploaded again."""
    table = table_named(context.contract, load.table_name)
    found = _every_reject(context.warehouse.raw, load.load_id)
    is_json = load.source != "csv"
    lines = rejects_csv(table.column_names, found, load.header, is_json, spreadsheet)
    response = Response(stream_with_context(lines), mimetype="text/csv")
    name = f"{load.table_name}-load-{load.load_id}-rejects.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _every_reject(store: RawStore, load_id: int) -> Iterator[dict[str, Any]]:
    after = 0
    while found := store.rejects(load_id, PAGE_OF_WHOLE, after):
        yield from found
        after = found[-1]["reject_id"]
