"""A request for a metric: as the client sends it, and resolved against one build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.contract import Mart
from api.errors import BadParameter, NotAcceptable
from api.formats import FORMATS, Format, Options, formats_of
from api.metrics.catalogue import Metric, Served
from api.metrics.parameters import read_query
from api.metrics.query import Query
from api.warehouse.builds import Build


class Accept(Protocol):
    """An Accept header."""

    def best_match(self, matches: Iterable[str]) -> str | None: ...


@dataclass(frozen=True)
class MetricRequest:
    """A client's request for a metric, of whichever build is served.

    `parameters` are those of the query string, each with all its values. `format` is
    the one that the request names; if it is None, `accept` chooses, else the first
    format is taken.
    """

    endpoint: str
    parameters: Mapping[str, Sequence[str]]
    format: str | None = None
    accept: Accept | None = None
    options: Options = Options()


@dataclass(frozen=True)
class ResolvedRequest:
    """A request for one build; `etag` identifies the answer, byte for byte."""

    request: MetricRequest
    build: Build
    metric: Metric
    query: Query
    format: Format

    @property
    def mart(self) -> Mart:
        return self.metric.mart

    @property
    def etag(self) -> str:
        parts = (
            self.build.invocation_id,
            self.mart.endpoint,
            self.format.name,
            str(self.request.options),
            self.query.digest,
        )
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return f"{self.build.build_id}-{digest[:16]}"


def resolve(request: MetricRequest, served: Served) -> ResolvedRequest:
    """Resolve a request against the contract of the served build.

    Raises UnknownMetric, UnreadableMetric, UndeclaredParameter, BadParameter and
    NotAcceptable.
    """
    metric = served.metric(request.endpoint)
    return ResolvedRequest(
        request=request,
        build=served.build,
        metric=metric,
        query=read_query(metric.mart, request.parameters),
        format=_format(metric.mart, request),
    )


def _format(mart: Mart, request: MetricRequest) -> Format:
    offered = formats_of(mart)
    if request.format is not None:
        if request.format not in offered:
            known = request.format in FORMATS
            why = f"{mart.endpoint} declares no chart; " if known else ""
            raise BadParameter(f"{why}format must be one of {', '.join(offered)}")
        return offered[request.format]
    types = {format.media_type: format for format in offered.values()}
    best = request.accept.best_match(types) if request.accept else next(iter(types))
    if best is None:
        raise NotAcceptable(
            f"{mart.endpoint} is served as {', '.join(types)}; the Accept header wants"
            f" none of them. Without one, or with ?format=, there is no such question."
        )
    return types[best]
