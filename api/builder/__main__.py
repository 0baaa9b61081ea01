"""The builder's own process: `python -m api.builder`. Started by `supervisor`."""

from __future__ import annotations

import os
import sys
import threading

from api.builder.lock import AnotherBuilder, only_builder
from api.builder.loop import Builder
from api.builder.supervisor import BUILDER_TAKEN, ONCE
from api.config import Settings
from api.errors import WarehouseBusy
from api.observing.logs import configure, tell
from api.occupancy import occupy

NICENESS = 15


def main(once: bool) -> int:
    """Be the builder until the parent goes; with `once`, build one time.

    Exits 0, 1 when that one build failed, BUILDER_TAKEN where there is a builder.
    """
    settings = Settings.from_env()
    # dbt has put its own handler on the root by now: ours takes its place.
    configure(settings.log_level)
    # Whoever asks for a metric goes first.
    os.nice(NICENESS)
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    try:
        with occupy(settings.warehouse_dir), only_builder(settings.warehouse_dir):
            builder = Builder(settings)
            tell("builder_start", pid=os.getpid())
            if once:
                return 0 if builder.build_once() else 1
            threading.Thread(target=_exit_with_parent, daemon=True).start()
            builder.run()
    except (AnotherBuilder, WarehouseBusy):
        return BUILDER_TAKEN
    return 0


def _exit_with_parent() -> None:
    """The parent holds the other end of our standard input; its death closes it.

    Leaving in mid-build is safe at every point: what is unfinished is built again.
    """
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(once=ONCE in sys.argv[1:]))
