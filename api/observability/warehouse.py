"""Figures of the warehouse, read from it for each scrape.

So they are right after a restart, and from every worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from api.warehouse.stats import WarehouseStats

PACKAGES = ("granian", "Flask", "dbt-core")


class WarehouseFigures(Collector):
    """The state of a warehouse, as figures."""

    def __init__(
        self,
        stats: WarehouseStats,
        packages: Iterable[str],
        builder_is_running: bool,
    ) -> None:
        self._stats = stats
        self._packages = (*PACKAGES, *packages)
        self._builder_is_running = builder_is_running

    def collect(self) -> Iterator[Metric]:
        yield from self._loads()
        yield from self._builds()
        yield from self._rest()

    def _loads(self) -> Iterator[Metric]:
        kinds = {
            "loads": "Loads in the ledger.",
            "rows_loaded": "Rows that were loaded.",
            "rows_rejected": "Rows that were refused.",
        }
        for kind, about in kinds.items():
            family = CounterMetricFamily(f"hiring_{kind}", about, labels=["table"])
            for table, counts in self._stats.tables.items():
                family.add_metric([table], counts[kind])
            yield family
        yield _gauge(
            "queue_loads",
            "Loads not in a published build.",
            self._stats.building.waiting,
        )
        yield _gauge(
            "queue_age_seconds",
            "Since when the oldest of them waits; 0 without any.",
            self._stats.building.waiting_seconds,
        )

    def _builds(self) -> Iterator[Metric]:
        building = self._stats.building
        yield CounterMetricFamily(
            "hiring_builds", "Builds that ended, good or bad.", value=building.builds
        )
        kept = GaugeMetricFamily(
            "hiring_kept_builds",
            "Builds in the record, which keeps the last 2,000, by how they ended.",
            labels=["status"],
        )
        for status, count in building.builds_by_status.items():
            kept.add_metric([status], count)
        yield kept
        if building.last_build is not None:
            seconds = building.last_build.seconds
            yield _gauge("last_build_seconds", "How long the last build took.", seconds)
            yield _gauge(
                "last_build_failed",
                "Whether the last build failed.",
                not building.last_build.published,
            )
        if building.published_seconds is not None:
            yield _gauge(
                "publish_age_seconds",
                "Since when the build that is served is the newest.",
                building.published_seconds,
            )

    def _rest(self) -> Iterator[Metric]:
        sizes = GaugeMetricFamily(
            "hiring_file_bytes", "Size of a file of the warehouse.", labels=["file"]
        )
        for name, size in self._stats.space.taken.items():
            sizes.add_metric([name], size)
        yield sizes
        free = self._stats.space.free
        if free is not None:
            yield _gauge("free_disk_bytes", "Room left for the warehouse.", free)
        yield _gauge(
            "builder_running", "Whether a builder runs.", self._builder_is_running
        )
        versions = {
            name.replace("-", "_").lower(): version(name) for name in self._packages
        }
        yield InfoMetricFamily("hiring", "Versions of what this runs on.", versions)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"hiring_{name}", about, value=float(value))
