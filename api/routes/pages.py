"""Pages for people, what they consist of, and the links for programs."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from api.documents.service import Index
from api.errors import NotFound, NotReady
from api.middleware.security_headers import DOCS_POLICY, LINEAGE_POLICY, PAGE_POLICY
from api.pages.assets import Asset, Assets, document
from api.routes.context import Context
from api.routes.reading import declared_only
from api.routes.revalidation import etag_of, revalidated
from api.wording.untrusted_text import cut


def routes(context: Context) -> Blueprint:
    """The routes of the pages."""
    noun = Blueprint("pages", __name__)
    assets = Assets()

    @noun.get("/")
    def index() -> Response:
        declared_only()
        response = _page("page.html", PAGE_POLICY) if _is_browser() else _links()
        response.headers["Vary"] = "Accept"
        return response

    @noun.get("/docs")
    def docs() -> Response:
        declared_only()
        return _page("docs.html", DOCS_POLICY)

    @noun.get("/assets/<name>")
    def asset(name: str) -> Response:
        found = assets.find(name)
        if found is None:
            raise NotFound(f"There is nothing at {cut(request.path)}.")
        return _asset(found)

    @noun.get("/lineage")
    def lineage() -> Response:
        declared_only()
        path = context.settings.lineage_page
        if not path.exists():
            raise NotReady(
                "The page is made after the first build; try again in a few seconds."
            )
        etag = f"{path.stat().st_mtime_ns:x}"
        response = revalidated(etag, "text/html", path.read_bytes)
        response.headers["Content-Security-Policy"] = LINEAGE_POLICY
        return response

    return noun


def _is_browser() -> bool:
    """Whether a page is liked better than JSON, which whoever does not say gets."""
    kinds = ("application/json", "text/html")
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def _links() -> Response:
    body: Index = {
        "metrics": url_for("metrics.catalogue"),
        "tables": url_for("tables.list_tables"),
        "loads": url_for("loads.list_loads"),
        "builds": url_for("builds.list_builds"),
        "status": url_for("status.status"),
        "health": url_for("health.ready"),
        "docs": url_for("pages.docs"),
        "openapi": url_for("openapi.openapi_json"),
        "lineage": url_for("pages.lineage"),
    }
    return jsonify(body)


def _page(name: str, policy: str) -> Response:
    response = Response(document(name), mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    return response


def _asset(asset: Asset) -> Response:
    """Asked for again each time, so that no page mixes files of two versions."""
    wanted = request.accept_encodings.quality("gzip") > 0
    packed = asset.packed if wanted else None
    etag = etag_of(asset.content)
    response = revalidated(etag, asset.media_type, lambda: packed or asset.content)
    response.headers["Vary"] = "Accept-Encoding"
    if packed and response.status_code == 200:
        response.headers["Content-Encoding"] = "gzip"
    return response
