"""The OpenAPI document of what is served now."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app
from flask.blueprints import BlueprintSetupState

from api.contract import Contract, Table
from api.errors import NotReady, Problem, UndeclaredParameter
from api.loading import check_csv
from api.metrics.answers import answer
from api.metrics.catalogue import Served
from api.metrics.request import MetricRequest, resolve
from api.openapi.document import Route, document
from api.openapi.operations import Facts, operation
from api.openapi.parts import as_json, revalidated_responses
from api.routes.context import context
from api.routes.parameters import declared_only
from api.routes.revalidation import etag_of, revalidated

EXAMPLE_ROWS = 2

bp = Blueprint("openapi", __name__)


class _CachedDocument:
    """The document as bytes, made again when the contract or what is served changes."""

    def __init__(self) -> None:
        self._made: tuple[Contract, str, bytes] | None = None

    def content(self) -> bytes:
        contract, served = context().contract, self._served()
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
            has_keys=context().settings.has_keys,
            protect_metrics=context().settings.protect_metrics,
        )
        content = json.dumps(
            document(facts, documented_routes(current_app)), ensure_ascii=False
        ).encode()
        self._made = (contract, version, content)
        return content

    def _served(self) -> Served | None:
        try:
            return context().marts.served()
        except NotReady:
            return None

    def _example(self, endpoint: str) -> list[dict[str, Any]]:
        """The first rows of the metric."""
        first_rows = MetricRequest(endpoint, {"limit": [str(EXAMPLE_ROWS)]}, "json")
        marts = context().marts
        try:
            content = answer(marts, resolve(first_rows, marts.served())).content
        except Problem:
            # Another build was published meanwhile, without this metric.
            return []
        rows: list[dict[str, Any]] = json.loads(content)
        return rows

    def _sample(self, table: Table) -> list[dict[str, Any]]:
        """The first rows of the sample; uploaded rows are not public."""
        text = context().project.sample(table.name, EXAMPLE_ROWS)
        try:
            return check_csv(table, io.BytesIO(text)).preview if text else []
        except Problem:
            return []


@bp.record_once
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["openapi"] = _CachedDocument()


@bp.get("/openapi.json")
@operation(
    "service",
    "This document",
    responses=revalidated_responses("This document.", as_json({"type": "object"})),
    raises=(UndeclaredParameter,),
)
def openapi() -> Response:
    declared_only()
    content = cast(_CachedDocument, current_app.extensions["openapi"]).content()
    return revalidated(etag_of(content), "application/json", lambda: content)


def documented_routes(app: Flask) -> Iterator[Route]:
    """Every view of the application, with its method and the template of its path."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            view = app.view_functions[rule.endpoint]
            yield template_of(rule.rule), method.lower(), view


def template_of(rule: str) -> str:
    """The path template of a rule, as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
