"""Pages for people, their assets, and the links for programs."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import with_config
from typing_extensions import TypedDict

from api.errors import NotFound, NotReady, UndeclaredParameter
from api.middleware.security_headers import DOCS_POLICY, LINEAGE_POLICY, PAGE_POLICY
from api.openapi.operations import operation
from api.openapi.parts import answer, as_json, as_text, revalidated_responses
from api.pages.assets import Asset, Assets, html
from api.routes.context import context
from api.routes.parameters import declared_only
from api.routes.revalidation import etag_of, revalidated
from api.wording import cut

PAGE = as_text("text/html")

bp = Blueprint("pages", __name__)


@with_config(extra="forbid")
class Index(TypedDict):
    """Where to go on from here."""

    metrics: str
    tables: str
    loads: str
    builds: str
    status: str
    health: str
    docs: str
    openapi: str
    lineage: str


@bp.get("/")
@operation(
    "service",
    "Where to go on",
    responses={"200": answer("Where to go on.", as_json(Index) | PAGE)},
    raises=(UndeclaredParameter,),
)
def index() -> Response:
    declared_only()
    response = _page("page.html", PAGE_POLICY) if _is_browser() else _links()
    response.headers["Vary"] = "Accept"
    return response


@bp.get("/docs")
@operation(
    "service",
    "This document as a page",
    responses={"200": answer("This document as a page.", PAGE)},
    raises=(UndeclaredParameter,),
)
def docs() -> Response:
    declared_only()
    return _page("docs.html", DOCS_POLICY)


@bp.get("/assets/<name>")
def asset(name: str) -> Response:
    file = _assets().find(name)
    if file is None:
        raise NotFound(f"There is nothing at {cut(request.path)}.")
    return _asset_response(file)


@bp.get("/lineage")
@operation(
    "service",
    "What is built from what, dbt's own docs",
    responses=revalidated_responses("The page of the published project.", PAGE),
    raises=(UndeclaredParameter, NotReady),
)
def lineage() -> Response:
    declared_only()
    path = context().settings.lineage_page
    if not path.exists():
        raise NotReady(
            "The page is made after the first build; try again in a few seconds."
        )
    etag = f"{path.stat().st_mtime_ns:x}"
    response = revalidated(etag, "text/html", path.read_bytes)
    response.headers["Content-Security-Policy"] = LINEAGE_POLICY
    return response


@cache
def _assets() -> Assets:
    return Assets()


def _is_browser() -> bool:
    """Whether Accept prefers a page to JSON, which is the default."""
    kinds = ("application/json", "text/html")
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def _links() -> Response:
    body: Index = {
        "metrics": url_for("metrics.list_metrics"),
        "tables": url_for("tables.list_tables"),
        "loads": url_for("loads.list_loads"),
        "builds": url_for("builds.list_builds"),
        "status": url_for("status.status"),
        "health": url_for("health.ready"),
        "docs": url_for("pages.docs"),
        "openapi": url_for("openapi.openapi"),
        "lineage": url_for("pages.lineage"),
    }
    return jsonify(body)


def _page(name: str, policy: str) -> Response:
    response = Response(html(name), mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    return response


def _asset_response(asset: Asset) -> Response:
    """Revalidated each time, so that no page mixes files of two versions."""
    accepted = request.accept_encodings.quality("gzip") > 0
    gzipped = asset.gzipped if accepted else None
    etag = etag_of(asset.content)
    response = revalidated(etag, asset.media_type, lambda: gzipped or asset.content)
    response.headers["Vary"] = "Accept-Encoding"
    if gzipped and response.status_code == 200:
        response.headers["Content-Encoding"] = "gzip"
    return response
