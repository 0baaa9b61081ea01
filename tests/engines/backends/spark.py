"""Spark: one cluster for the session, and one warehouse at a time in it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from engines.backends.backend import Backend, bytes_in


class Spark(Backend):
    """A private cluster on 127.0.0.1: master, two workers, Thrift server."""

    name = "spark"
    rounds = 1
    slow_rows = 2000
    handover = 10.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # Of this engine's environment alone.
        from spark.cluster import Cluster

        self.cluster: Any = Cluster(folder)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "DBT_TARGET": "spark",
            "SPARK_THRIFT_HOST": "127.0.0.1",
            "SPARK_THRIFT_PORT": str(self.cluster.thrift_port),
        }

    def new_warehouse(self, sample: Path | None = None) -> dict[str, str]:
        """What the one before has left is dropped: its server has to be stopped."""
        self._drop_schemas()
        return self.variables

    def start(self) -> None:
        # What is measured has many.
        self.cluster.few_rows = not self.durable
        self.cluster.start()

    def stop(self) -> None:
        self.cluster.stop()

    def kill_worker(self) -> None:
        """kill -9 for one of the two workers."""
        self.cluster.workers[0].kill()

    def add_worker(self) -> None:
        self.cluster.add_worker()

    def bytes_stored(self, warehouse: Path) -> int:
        return super().bytes_stored(warehouse) + bytes_in(self.folder / "tables")

    def close(self) -> None:
        self.cluster.stop()

    def _drop_schemas(self) -> None:
        from pyhive import hive

        with (
            closing(hive.connect("127.0.0.1", self.cluster.thrift_port)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute("show schemas")
            for (schema,) in cursor.fetchall():
                if schema != "default":
                    cursor.execute(f"drop schema `{schema}` cascade")
