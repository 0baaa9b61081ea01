"""Metrics: the published marts, served by one route for all of them."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, request, url_for

from api.contract import Mart
from api.documents.metrics import MetricEntry
from api.errors import BadParameter, NotAcceptable
from api.formats import FORMATS, Format, Options, formats_of
from api.formats.charts import THEMES
from api.metrics.answers import Question, Wish
from api.metrics.catalogue import Metric, Values
from api.metrics.query import operators_of
from api.middleware.security_headers import CHART_POLICY
from api.routes.context import Context
from api.routes.reading import declared_only, one_of, single
from api.warehouse.builds import Build


def routes(context: Context) -> Blueprint:
    """The routes of metrics."""
    noun = Blueprint("metrics", __name__)
    marts, answers = context.marts, context.answers

    @noun.get("/metrics")
    def catalogue() -> Response:
        declared_only()
        build = marts.served().build
        if request.if_none_match.contains_weak(_catalogue_etag(build)):
            return _stamped(Response(status=304), build, _catalogue_etag(build))
        listed = marts.listed()
        build = listed.served.build
        found = [
            _entry(metric, build, listed.values[endpoint])
            for endpoint, metric in sorted(listed.served.metrics.items())
        ]
        return _stamped(jsonify(found), build, _catalogue_etag(build))

    @noun.get("/metrics/<name>")
    def metric(name: str) -> Response:
        wish = _wish(name)
        question = answers.question(wish)
        if request.if_none_match.contains_weak(question.etag):
            return _headed(Response(status=304), question)
        question, body = answers.body(wish, question)
        response = make_response(body.content)
        response.mimetype = question.format.media_type
        if body.next_cursor:
            response.headers["Link"] = f'<{_next(body.next_cursor)}>; rel="next"'
        return _headed(response, question)

    return noun


def _wish(name: str) -> Wish:
    """Behind its name a metric may have the format, for tools that go by that."""
    stem, _, ending = name.rpartition(".")
    endpoint, named = (stem, ending) if ending in FORMATS and stem else (name, None)
    spreadsheet = one_of("spreadsheet", ("false", "true")) == "true"
    given = request.args.to_dict(flat=False)
    options = Options(spreadsheet, one_of("theme", THEMES))
    return Wish(endpoint, given, lambda mart: _format(mart, named), options)


def _format(mart: Mart, ending: str | None) -> Format:
    """The format that is named, else the one that Accept likes best."""
    offered = formats_of(mart)
    named = single("format")
    if named is None:
        named = ending
    elif ending not in (None, named):
        raise BadParameter(f"The address ends with .{ending}, but format is {named}.")
    if named is not None and named not in offered:
        why = f"{mart.endpoint} declares no chart; " if named in FORMATS else ""
        raise BadParameter(f"{why}format must be one of {', '.join(offered)}")
    if named is not None:
        return offered[named]
    types = {format.media_type: format for format in offered.values()}
    wanted = request.accept_mimetypes
    best = wanted.best_match(types) if wanted else next(iter(types))
    if best is None:
        raise NotAcceptable(
            f"{mart.endpoint} is served as {', '.join(types)}; the Accept header wants"
            f" none of them. Without one, or with ?format=, there is no such question."
        )
    return types[best]


def _next(cursor: str) -> str:
    arguments = request.args.to_dict(flat=False) | {"cursor": [cursor]}
    return f"{request.base_url}?{urlencode(arguments, doseq=True)}"


def _headed(response: Response, question: Question) -> Response:
    response.headers["Vary"] = "Accept"
    if question.format.name == "svg":
        response.headers["Content-Security-Policy"] = CHART_POLICY
    return _stamped(response, question.build, question.etag)


def _catalogue_etag(build: Build) -> str:
    return f"{build.invocation_id}-catalogue"


def _stamped(response: Response, build: Build, etag: str) -> Response:
    """Say which build the answer comes from, and how fresh that is."""
    response.headers["Build-Id"] = str(build.build_id)
    response.headers["Build-Finished-At"] = build.finished_at
    response.headers["Build-Last-Load-Id"] = str(build.last_load_id)
    response.headers["Sample-Data"] = str(build.is_sample).lower()
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(etag)
    return response


def _entry(metric: Metric, build: Build, values: Values) -> MetricEntry:
    mart = metric.mart
    return {
        "name": mart.endpoint,
        "title": mart.title,
        "description": mart.description,
        "url": url_for("metrics.metric", name=mart.endpoint),
        "formats": list(formats_of(mart)),
        "columns": [
            {
                "name": column.name,
                "data_type": column.data_type,
                "description": column.description,
                "required": column.required,
                "operators": list(operators_of(column)),
                "labels": dict(column.labels),
            }
            for column in mart.columns
        ],
        "select": list(mart.selected),
        "order_by": list(mart.order_by),
        "parameters": [
            {
                "name": p.name,
                "column": p.column,
                "default": p.default,
                "values": values[p.column],
            }
            for p in mart.parameters
        ],
        "model": mart.name,
        "file": metric.file,
        "sql": metric.sql,
        "upstream": [
            {
                "name": node["name"],
                "kind": node["kind"],
                "description": node["description"],
            }
            for node in metric.upstream
        ],
        "tests": [
            {
                "name": test["name"],
                "kind": test["kind"],
                "description": test["description"],
                "status": test["status"],
            }
            for test in metric.tests
        ],
        "build": {
            "build_id": build.build_id,
            "finished_at": build.finished_at,
            "last_load_id": build.last_load_id,
            "sample_data": build.is_sample,
        },
        "labels": dict(mart.labels),
    }
