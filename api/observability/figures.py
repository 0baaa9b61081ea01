"""Figures of the requests that this server answers, counted where they are answered.

With several workers each writes its own into the folder PROMETHEUS_MULTIPROC_DIR, and
whichever is asked adds them up.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.observability import SHARED_FOLDER

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5, 10, 60)
# A client may invent methods; a figure has only these.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# When a figure began is of no use here, and would double the lines.
disable_created_metrics()  # type: ignore[no-untyped-call]
_own = CollectorRegistry()
_requests = Histogram(
    "hiring_request_seconds",
    "Requests answered, and how long each took.",
    ("method", "route", "status"),
    registry=_own,
    buckets=SECONDS,
)
_refusals = Counter(
    "hiring_refusals_total",
    "Requests answered with a problem, by its code.",
    ("code",),
    registry=_own,
)


def request_timer(method: str, route: str, status: str) -> Callable[[float], None]:
    """What takes the seconds of such requests; to be kept, since it costs to find."""
    known = method if method in METHODS else "other"
    observe: Callable[[float], None] = _requests.labels(known, route, status).observe
    return observe


def count_refusal(code: str) -> None:
    _refusals.labels(code).inc()


def exposition(*more: Collector) -> bytes:
    """Every figure there is, and those of `more`, in the text format of Prometheus."""
    registry = _own
    if SHARED_FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    others = CollectorRegistry()
    for collector in more:
        others.register(collector)
    return generate_latest(registry) + generate_latest(others)
