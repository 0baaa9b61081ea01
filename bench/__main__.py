"""`python -m bench [--quick]`: measure, and print the table."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.processes import PEER_BIN
from bench.report import table
from bench.works import QUICK, Scale, Works

TOOLS = ("curl", "sqlite3", "wrk")


def main() -> int:
    """Print each line as it is known, then the table; 1 when something is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small: does it run?")
    quick = parser.parse_args().quick
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or not PEER_BIN.exists():
        print(f"missing: {' '.join(missing) or PEER_BIN}; see Makefile, bench")
        return 1
    began = time.monotonic()
    lines = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for line in Works(Path(folder), QUICK if quick else Scale()).lines():
            print(f"{line.work}: {line.value:.2f} {line.unit}", file=sys.stderr)
            lines.append(line)
    print(table(lines))
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
