"""The builder's process, `python -m api.builder`, started by `supervisor`."""

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
    """Build until the parent exits; with `once`, build one time.

    Returns the exit code: 1 if that build failed or could not begin, BUILDER_TAKEN if
    another process is the builder, else 0.
    """
    settings = Settings.from_env()
    configure(settings.log_level)
    # Requests for metrics go first.
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
    """Exit when standard input closes, which the parent's exit causes.

    That is safe at any point of a build: the next builder builds again.
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
