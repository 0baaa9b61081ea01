"""Figures of the requests to this server, counted by the worker that answers.

Several workers each write their own to the folder PROMETHEUS_MULTIPROC_DIR; the one
that is scraped adds them up.
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
# Clients may invent methods; figures have only these, and "other".
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# The time at which a figure began is of no use here, and would double the lines.
disable_created_metrics()  # type: ignore[no-untyped-call]
_own = CollectorRegistry()
_requests = Histogram(
    "hiring_request_seconds",
    "Requests answered, and how long each took.",
    ("method", "route", "status"),
    registry=_own,
    buckets=SECONDS,
)
_problems = Counter(
    "hiring_refusals_total",
    "Requests answered with a problem, by its code.",
    ("code",),
    registry=_own,
)


def request_timer(method: str, route: str, status: str) -> Callable[[float], None]:
    """The function that records seconds of such requests; slow to find, so keep it."""
    known = method if method in METHODS else "other"
    observe: Callable[[float], None] = _requests.labels(known, route, status).observe
    return observe


def count_problem(code: str) -> None:
    _problems.labels(code).inc()


def exposition(*more: Collector) -> bytes:
    """All figures, and those of `more`, in the text format of Prometheus."""
    registry = _own
    if SHARED_FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    others = CollectorRegistry()
    for collector in more:
        others.register(collector)
    return generate_latest(registry) + generate_latest(others)
