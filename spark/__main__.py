"""`python -m spark`: the cluster in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from spark.cluster import LOOPBACK, Cluster, DidNotStart

READY = """\
Spark is ready. In other terminals:
  export DBT_TARGET=spark SPARK_THRIFT_HOST={host} SPARK_THRIFT_PORT={port}
Its logs are in {folder}. Ctrl-C stops it."""


def main() -> int:
    """Run until a signal, or until a part of it has ended: 0, or 1."""
    warehouse = Path(os.environ.get("WAREHOUSE_DIR") or "warehouse")
    port = int(os.environ.get("SPARK_THRIFT_PORT") or 10000)
    cluster = Cluster(warehouse / "spark", thrift_port=port)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        print("Spark is starting, which takes up to a minute ...", flush=True)
        cluster.start()
        print(READY.format(host=LOOPBACK, port=port, folder=cluster.folder), flush=True)
        while cluster.gone() is None:
            time.sleep(0.5)
        print(f"{cluster.gone()} has ended: see the logs.", file=sys.stderr)
        return 1
    except DidNotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Spark is stopping ...", flush=True)
        return 0
    finally:
        cluster.stop()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
