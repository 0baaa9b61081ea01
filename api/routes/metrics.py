"""Metrics: the catalogue, and one view that serves all published marts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, request, url_for
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.contract import DataType
from api.contract.marts import MOST_VALUES
from api.errors import (
    BadParameter,
    NotAcceptable,
    NotReady,
    UndeclaredParameter,
    UnknownMetric,
    UnreadableMetric,
)
from api.formats import FORMATS, Options, formats_of
from api.formats.charts import THEMES
from api.metrics import answers
from api.metrics.catalogue import Metric, Values
from api.metrics.filters import operators_of
from api.metrics.request import MetricRequest, ResolvedRequest, resolve
from api.middleware.security_headers import CHART_POLICY
from api.openapi.metric_parameters import content, parameters
from api.openapi.operations import Facts, operation, operations
from api.openapi.parts import (
    BUILD_HEADERS,
    Node,
    answer,
    as_json,
    header_parameter,
    revalidated_responses,
)
from api.openapi.problems import problems
from api.openapi.schemas import array_of
from api.routes.context import context
from api.routes.parameters import declared_only, flag, one_of, single
from api.warehouse.builds import Build

IF_NONE_MATCH = header_parameter(
    "If-None-Match", {"type": "string"}, "An ETag of before: 304 if it still holds."
)

bp = Blueprint("metrics", __name__)

Labels = Annotated[
    dict[str, str],
    Field(
        description="What the project says of it for people: `labels` in its `meta`.",
        examples=[{"owner": "HR"}],
    ),
]


@with_config(extra="forbid")
class MetricColumn(TypedDict):
    """A column of a metric."""

    name: Annotated[str, Field(description="The column's name.", examples=["Q1"])]
    data_type: Annotated[DataType, Field(description="The type of its values.")]
    description: Annotated[str, Field(description="What the column tells.")]
    required: Annotated[bool, Field(description="Whether every row has a value.")]
    operators: Annotated[
        list[str], Field(description="Operators that filter by it: `column__OP=value`.")
    ]
    labels: Labels


@with_config(extra="forbid")
class MetricParameter(TypedDict):
    """A parameter that holds a column to one value."""

    name: Annotated[str, Field(description="The name in the query.", examples=["year"])]
    column: Annotated[str, Field(description="The column that it holds.")]
    default: Annotated[
        str | None, Field(description="Its value when the request has none.")
    ]
    values: Annotated[
        list[str | int | float | bool] | None,
        Field(
            description="The values that the column has in this build, ascending; null"
            f" when there are more than {MOST_VALUES}.",
            examples=[[2020, 2021, 2022], None],
        ),
    ]


@with_config(extra="forbid")
class Upstream(TypedDict):
    """A model, a snapshot or an upload table that a metric is built from."""

    name: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[
        str,
        Field(description="`model`, `snapshot` or `table`.", examples=["model"]),
    ]
    description: str


@with_config(extra="forbid")
class MetricTest(TypedDict):
    """A test of the model, with its result."""

    name: str
    kind: Annotated[str, Field(description="`test` of the data, or `unit_test`.")]
    description: str
    status: Annotated[str, Field(description="dbt's word.", examples=["pass"])]


@with_config(extra="forbid")
class MetricBuild(TypedDict):
    """The build that is served."""

    build_id: int
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]


@with_config(extra="forbid")
class MetricEntry(TypedDict):
    """All that there is to know about a metric but its rows."""

    name: Annotated[str, Field(description="Its name in the address.")]
    title: str
    description: Annotated[str, Field(description="What a row is, and what is in it.")]
    url: Annotated[str, Field(description="Where its rows are.")]
    formats: Annotated[list[str], Field(description="What `format` may be.")]
    columns: list[MetricColumn]
    select: Annotated[
        list[str], Field(description="The columns of an answer unless it selects.")
    ]
    order_by: Annotated[
        list[str], Field(description="The order of the rows; `-` for a falling one.")
    ]
    parameters: list[MetricParameter]
    model: Annotated[str, Field(description="The dbt model that is served.")]
    file: Annotated[str, Field(description="Where its SQL stands in the project.")]
    sql: Annotated[str, Field(description="Its SQL as the project has it.")]
    upstream: Annotated[list[Upstream], Field(description="The nearest first.")]
    tests: list[MetricTest]
    build: MetricBuild
    labels: Labels


@bp.get("/metrics")
@operation(
    "metrics",
    "All metrics, with their SQL, what they are built from, and tests",
    parameters=[IF_NONE_MATCH],
    responses=revalidated_responses(
        "The catalogue.", as_json(array_of(MetricEntry)), BUILD_HEADERS
    ),
    raises=(UndeclaredParameter, NotReady),
)
def list_metrics() -> Response:
    declared_only()
    marts = context().marts
    build = marts.served().build
    if request.if_none_match.contains_weak(_catalogue_etag(build)):
        return _stamped(Response(status=304), build, _catalogue_etag(build))
    catalogue = marts.catalogue()
    build = catalogue.served.build
    entries = [
        _entry(metric, build, catalogue.values[endpoint])
        for endpoint, metric in sorted(catalogue.served.metrics.items())
    ]
    return _stamped(jsonify(entries), build, _catalogue_etag(build))


def _operations(facts: Facts) -> dict[str, Node]:
    """An operation for each metric that is served."""
    return {
        endpoint: {
            "operationId": f"metric_{endpoint}",
            "tags": ["metrics"],
            "summary": mart.title,
            "description": mart.description,
            **({"x-labels": dict(mart.labels)} if mart.labels else {}),
            "parameters": [*parameters(mart), IF_NONE_MATCH],
            "responses": {
                "200": answer(
                    "The rows.",
                    content(mart, facts.examples[endpoint]),
                    [*BUILD_HEADERS, "Link"],
                ),
                "304": answer("What you have is what is served.", header=BUILD_HEADERS),
                **problems(
                    UndeclaredParameter,
                    BadParameter,
                    UnknownMetric,
                    NotAcceptable,
                    NotReady,
                    UnreadableMetric,
                ),
            },
        }
        for endpoint, mart in sorted(facts.marts.items())
    }


@bp.get("/metrics/<name>")
@operations(_operations)
def get_metric(name: str) -> Response:
    marts = context().marts
    resolved = resolve(_request(name), marts.served())
    if request.if_none_match.contains_weak(resolved.etag):
        return _with_headers(Response(status=304), resolved)
    answer = answers.answer(marts, resolved)
    response = make_response(answer.content)
    response.mimetype = answer.resolved.format.media_type
    if answer.next_cursor:
        response.headers["Link"] = f'<{_next_url(answer.next_cursor)}>; rel="next"'
    return _with_headers(response, answer.resolved)


def _request(name: str) -> MetricRequest:
    """The request; the name of the metric may end with a format, as in `.csv`."""
    stem, _, ending = name.rpartition(".")
    endpoint, suffix = (stem, ending) if ending in FORMATS and stem else (name, None)
    spreadsheet = flag("spreadsheet")
    format = single("format")
    if format is not None and suffix not in (None, format):
        raise BadParameter(f"The address ends with .{suffix}, but format is {format}.")
    return MetricRequest(
        endpoint,
        request.args.to_dict(flat=False),
        format if format is not None else suffix,
        request.accept_mimetypes or None,
        Options(spreadsheet, one_of("theme", THEMES)),
    )


def _next_url(cursor: str) -> str:
    arguments = request.args.to_dict(flat=False) | {"cursor": [cursor]}
    return f"{request.base_url}?{urlencode(arguments, doseq=True)}"


def _with_headers(response: Response, resolved: ResolvedRequest) -> Response:
    response.headers["Vary"] = "Accept"
    if resolved.format.name == "svg":
        response.headers["Content-Security-Policy"] = CHART_POLICY
    return _stamped(response, resolved.build, resolved.etag)


def _catalogue_etag(build: Build) -> str:
    return f"{build.invocation_id}-catalogue"


def _stamped(response: Response, build: Build, etag: str) -> Response:
    """Add the headers that say which build the answer comes from."""
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
        "url": url_for("metrics.get_metric", name=mart.endpoint),
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
