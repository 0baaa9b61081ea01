"""What there is to read about the service: OpenAPI, its page, and the lineage."""

from __future__ import annotations

import hashlib
import io
import json
from importlib.resources import files
from mimetypes import guess_type
from typing import Any

from flask import Blueprint, Response, request

from api.answers import Wish
from api.context import Context
from api.contract import Contract, Mart, Table
from api.errors import NotFound, NotReady, Problem
from api.formats import FORMATS, Format
from api.loading import check_csv
from api.openapi import Facts, document
from api.routes.reading import declared_only
from api.security_headers import DOCS_POLICY, LINEAGE_POLICY
from api.warehouse import Served

EXAMPLE_ROWS = 2
# Swagger UI as its wheel ships it, and what is ours to start it.
ASSETS = {
    "swagger-ui.css": "flask_swagger_ui",
    "swagger-ui-bundle.js": "flask_swagger_ui",
    "favicon-32x32.png": "flask_swagger_ui",
    "docs.js": "api",
}
FOLDERS = {"flask_swagger_ui": "dist", "api": "static"}
DAY = 86_400


def routes(context: Context) -> Blueprint:
    """The routes of what there is to read."""
    noun = Blueprint("docs", __name__)
    openapi = _OpenApi(context)

    @noun.get("/openapi.json")
    def openapi_json() -> Response:
        declared_only()
        content = openapi.content()
        response = Response(content, mimetype="application/json")
        response.set_etag(hashlib.sha256(content).hexdigest()[:32])
        response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(request)
        return response

    @noun.get("/docs")
    def page() -> Response:
        declared_only()
        text = files("api").joinpath("static", "docs.html").read_text("utf-8")
        response = Response(text, mimetype="text/html")
        response.headers["Content-Security-Policy"] = DOCS_POLICY
        return response

    @noun.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        package = ASSETS.get(name)
        if package is None:
            raise NotFound(f"There is nothing at {request.path[:200]}.")
        content = files(package).joinpath(FOLDERS[package], name).read_bytes()
        kind, _ = guess_type(name)
        response = Response(content, mimetype=kind)
        response.cache_control.max_age = DAY
        return response

    @noun.get("/lineage")
    def lineage() -> Response:
        declared_only()
        path = context.settings.lineage_page
        if not path.exists():
            raise NotReady(
                "The page is made after the first build; try again in a few seconds."
            )
        response = Response(mimetype="text/html")
        response.set_etag(f"{path.stat().st_mtime_ns:x}")
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = LINEAGE_POLICY
        response.make_conditional(request)
        if response.status_code == 200:
            response.set_data(path.read_bytes())
        return response

    return noun


class _OpenApi:
    """The document as bytes, made anew when the contract or what is served changes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._made: tuple[Contract, str, bytes] | None = None

    def content(self) -> bytes:
        contract, served = self._context.contract, self._served()
        version = served.build.invocation_id if served else ""
        made = self._made
        if made is not None and made[0] is contract and made[1] == version:
            return made[2]
        marts = (
            {name: metric.mart for name, metric in served.metrics.items()}
            if served
            else {}
        )
        facts = Facts(
            contract=contract,
            marts=marts,
            examples={name: self._example(name) for name in marts},
            samples={t.name: self._sample(t) for t in contract.tables.values()},
            has_keys=self._context.settings.has_keys,
            protect_metrics=self._context.settings.protect_metrics,
        )
        content = json.dumps(document(facts), ensure_ascii=False).encode()
        self._made = (contract, version, content)
        return content

    def _served(self) -> Served | None:
        try:
            return self._context.warehouse.marts.served()
        except NotReady:
            return None

    def _example(self, endpoint: str) -> list[dict[str, Any]]:
        """The first rows that the metric answers with."""
        wish = Wish(endpoint, {"limit": [str(EXAMPLE_ROWS)]}, _as_json)
        answers = self._context.answers
        try:
            _, body = answers.body(wish, answers.question(wish))
        except Problem:
            # Another build was published meanwhile, without this metric.
            return []
        rows: list[dict[str, Any]] = json.loads(body.content)
        return rows

    def _sample(self, table: Table) -> list[dict[str, Any]]:
        """The first rows of the sample. Uploaded rows are nobody's business."""
        text = self._context.project.sample(table.name, EXAMPLE_ROWS)
        try:
            return check_csv(table, io.BytesIO(text)).preview if text else []
        except Problem:
            return []


def _as_json(_: Mart) -> Format:
    return FORMATS["json"]
