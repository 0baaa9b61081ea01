"""Many requests over a few connections, by wrk."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

CONNECTIONS = 16
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Traffic:
    """Requests answered per second, and within how many ms 99 of 100 were."""

    rate: float
    p99: float


def read(url: str, seconds: int, etag: str | None = None) -> Traffic:
    """Ask for the address over and over; raises when an answer is an error."""
    headers = ["-H", f"If-None-Match: {etag}"] if etag else []
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency"]
    command = ["wrk", *options, *headers, url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # A time-out shows in the figures; an error or a broken connection must not occur.
    broken = re.search(r"connect (\d+), read (\d+), write (\d+)", done.stdout)
    if "Non-2xx or 3xx" in done.stdout or broken and any(map(int, broken.groups())):
        raise RuntimeError(done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", done.stdout)
    assert rate and p99, done.stdout
    return Traffic(float(rate[1]), float(p99[1]) * UNITS[p99[2]])
