"""The OpenAPI document of what is served now."""

from __future__ import annotations

import io
import json
from typing import Any

from flask import Blueprint, Response

from api.contract import Contract, Mart, Table
from api.errors import NotReady, Problem
from api.formats import FORMATS, Format
from api.loading import check_csv
from api.metrics.answers import Wish
from api.metrics.catalogue import Served
from api.openapi import Facts, document
from api.routes.context import Context
from api.routes.reading import declared_only
from api.routes.revalidation import etag_of, revalidated

EXAMPLE_ROWS = 2


def routes(context: Context) -> Blueprint:
    """The route of the document."""
    noun = Blueprint("openapi", __name__)
    openapi = _OpenApi(context)

    @noun.get("/openapi.json")
    def openapi_json() -> Response:
        declared_only()
        content = openapi.content()
        return revalidated(etag_of(content), "application/json", lambda: content)

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
            return self._context.marts.served()
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
