"""Spark: one cluster for the session, a warehouse is a set of schemas in it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from engines.backends.backend import Backend


class Spark(Backend):
    """A private cluster on 127.0.0.1: master, two workers, Thrift server."""

    name = "spark"
    rounds = 1
    patience = 300.0
    slow_rows = 200

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # Of this engine's environment alone.
        from spark.cluster import Cluster

        self.cluster: Any = Cluster(folder)
        self._numbers = itertools.count(1)

    def new_warehouse(self) -> dict[str, str]:
        return {
            "DBT_TARGET": "spark",
            "SPARK_THRIFT_HOST": "127.0.0.1",
            "SPARK_THRIFT_PORT": str(self.cluster.thrift_port),
            "SPARK_SCHEMA": f"warehouse_{next(self._numbers)}",
            "BUILD_WAIT_SECONDS": str(self.patience - 20),
        }

    def start(self) -> None:
        self.cluster.start()

    def stop(self) -> None:
        self.cluster.stop()

    def close(self) -> None:
        self.cluster.stop()
