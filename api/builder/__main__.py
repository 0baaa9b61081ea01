"""The builder's own process: `python -m api.builder`. Started by `supervisor`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading

from api.builder.heartbeat import Heart
from api.builder.loop import Builder
from api.builder.supervisor import BUILDER_TAKEN, HEARTBEAT, ONCE, SILENCES
from api.config import Settings
from api.errors import WarehouseBusy
from api.observability.logs import configure, log_event
from api.warehouse.engines import AnotherBuilder, open_builder_store

NICENESS = 15

log = logging.getLogger("builder")


def main(options: argparse.Namespace) -> int:
    """Be the builder until the parent goes; with `once`, build one time.

    Exits 0, 1 when that one build failed or the warehouse does not let it begin,
    BUILDER_TAKEN where there is a builder.
    """
    settings = Settings.from_env()
    configure(settings.log_level)
    # Whoever asks for a metric goes first.
    os.nice(NICENESS)
    engine = open_builder_store(settings)
    try:
        settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
        with engine.only_builder():
            builder = Builder(settings, engine, Heart(options.heartbeat))
            log_event("builder_start", pid=os.getpid())
            if options.once:
                return 0 if builder.build_once() else 1
            threading.Thread(target=_exit_with_parent, daemon=True).start()
            builder.run(options.silences)
    except (AnotherBuilder, WarehouseBusy):
        return BUILDER_TAKEN
    except engine.errors as error:
        log.error("%s cannot be built: %s", settings.warehouse_dir, error)
        return 1
    return 0


def _exit_with_parent() -> None:
    """The parent holds the other end of our standard input; its death closes it.

    Leaving in mid-build is safe at every point: what is unfinished is built again.
    """
    sys.stdin.buffer.read()
    os._exit(0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m api.builder")
    parser.add_argument(ONCE, action="store_true")
    parser.add_argument(HEARTBEAT, type=int, help="descriptor for signs of life")
    parser.add_argument(SILENCES, type=int, default=0, help="ended for silence")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_options()))
