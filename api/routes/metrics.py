"""Metrics: the published marts, served by one route for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from flask import Blueprint, Response, jsonify, request, url_for

from api.context import Context
from api.contract import Mart, Parameter
from api.errors import BadParameter
from api.intake.cells import parse
from api.routes.reading import declared_only, refuse_others
from api.warehouse import Build

ALL = "all"


def routes(context: Context) -> Blueprint:
    """The routes of metrics."""
    noun = Blueprint("metrics", __name__)
    published = context.warehouse.published

    @noun.get("/")
    def index() -> Response:
        declared_only()
        names = ("metrics.catalogue", "tables.list_tables", "loads.list_loads")
        pages = [*names, "builds.list_builds", "health.ready"]
        return jsonify({name.partition(".")[0]: url_for(name) for name in pages})

    @noun.get("/metrics")
    def catalogue() -> Response:
        declared_only()
        build = published.current()
        found = [_document(build.marts[name]) for name in sorted(build.marts)]
        return _stamped(jsonify(found), build)

    @noun.get("/metrics/<name>")
    def metric(name: str) -> Response:
        answer = published.metric(name, _pinned)
        return _stamped(jsonify(answer.rows), answer.build)

    return noun


def _pinned(mart: Mart) -> Mapping[str, Any]:
    """The columns that the request pins, by its parameters or by their defaults."""
    declared = [parameter.name for parameter in mart.parameters]
    refuse_others(request.args, declared, f"parameter of {mart.endpoint}")
    values = {p.column: _value(mart, p) for p in mart.parameters}
    return {column: value for column, value in values.items() if value is not None}


def _value(mart: Mart, parameter: Parameter) -> Any:
    """The value a parameter pins its column to, None when it pins nothing."""
    text = request.args.get(parameter.name, parameter.default)
    if text is None or text == ALL:
        return None
    column = next(c for c in mart.columns if c.name == parameter.column)
    # The very rule that lets a cell into the warehouse lets a value into a query.
    value = parse(column.data_type, pa.array([text])).to_pylist()[0]
    if value is None:
        raise BadParameter(
            f"{parameter.name} must be {column.data_type} or {ALL!r}, not {text[:60]!r}"
        )
    return value


def _stamped(response: Response, build: Build) -> Response:
    """Name the build in the headers; answer 304 to a client that has it already."""
    response.headers["Build-Id"] = str(build.build_id)
    response.headers["Build-Finished-At"] = build.finished_at
    response.headers["Build-Last-Load-Id"] = str(build.last_load_id)
    response.headers["Sample-Data"] = str(build.is_sample).lower()
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"build-{build.build_id}")
    response.make_conditional(request)
    return response


def _document(mart: Mart) -> dict[str, Any]:
    return {
        "name": mart.endpoint,
        "title": mart.title,
        "description": mart.description,
        "url": url_for("metrics.metric", name=mart.endpoint),
        "model": mart.name,
        "columns": [
            {"name": c.name, "data_type": c.data_type, "description": c.description}
            for c in mart.columns
        ],
        "parameters": [
            {"name": p.name, "column": p.column, "default": p.default}
            for p in mart.parameters
        ],
    }
