"""`python -m bench.scale ROWS...`: how cost grows with rows, on DBT_TARGET's engine.

For each number of hires a new warehouse: an upload of them all, or of so many LOADS one
after the other, acknowledged as durable; the build after it, which is of all rows when
there was one load; batches of 1,000 corrections, each until it is served. Prints a
table, each figure with its ratio to that of the first line.

What starts an engine's server is the suite's; SPARK_WORKER_MEMORY is how much each of
Spark's two workers may take.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from bench.processes import CHECKOUT, Memory, Product
from bench.rows import batches, write_hires

sys.path.insert(0, str(CHECKOUT / "tests"))

PATIENCE = 3600.0
BATCHES = 3
TIMES = {
    "upload": "upload",
    "build": "build after it",
    "batch": "1,000 more until served",
}
SIZES = {"taken": "on disk", "memory": "memory of server and builder"}


@dataclass(frozen=True)
class Cost:
    """Seconds, and megabytes: on the disk when all is built, and at most in memory."""

    rows: int
    upload: float
    build: float
    batch: float
    taken: float
    memory: float


def main() -> int:
    """Measure each size on the engine, smallest first; print the table."""
    parser = argparse.ArgumentParser("python -m bench.scale", description=__doc__)
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--loads", type=int, default=1)
    given = parser.parse_args()
    backends = import_module("engines.backends").BACKENDS
    name = os.environ.get("DBT_TARGET") or "sqlite"
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        engine = backends[name](Path(folder) / "engine")
        engine.durable = True
        engine.folder.mkdir(exist_ok=True)
        costs = []
        try:
            engine.start()
            for rows in sorted(given.rows):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    cost = measured(rows, given.loads, Path(place), engine)
                print(cost, file=sys.stderr, flush=True)
                costs.append(cost)
        finally:
            engine.close()
    print(f"\n{name}, loads of the hires: {given.loads:,}\n\n{table(costs)}")
    return 0


def measured(rows: int, loads: int, place: Path, engine: Any) -> Cost:
    """The cost of so many hires, in so many loads, on a new warehouse of the engine."""
    product = Product(place / "warehouse", engine.new_warehouse(), PATIENCE)
    with product.served(), Memory(product.pid) as memory:
        for name in ("departments", "jobs"):
            file = CHECKOUT / "seeds" / f"{name}.csv"
            product.upload(file, name, wait=False)
        product.until_built(PATIENCE)
        upload, size = 0.0, rows // loads
        for number in range(loads):
            file = place / "hires.csv"
            write_hires(file, size, first_id=1 + number * size, seed=number)
            upload += product.upload(file, "hired_employees", wait=False)
            file.unlink()
        product.until_built(PATIENCE)
        build = seconds_of_newest_build(product)
        # The page of the lineage is made while nobody waits.
        time.sleep(5)
        sent = batches(BATCHES, among=rows, seed=2)
        taken = [until_served(product, batch) for batch in sent]
        on_disk = engine.bytes_stored(product.warehouse)
        return Cost(
            *(rows, upload, build, median(taken)),
            *(on_disk / 1e6, memory.server + memory.builder),
        )


def until_served(product: Product, batch: list[list[Any]]) -> float:
    began = time.perf_counter()
    product.send(batch, wait=False)
    product.until_built(PATIENCE)
    return time.perf_counter() - began


def seconds_of_newest_build(product: Product) -> float:
    """As the server's figures tell it."""
    return figure(product, "hiring_last_build_seconds")


def figure(product: Product, name: str) -> float:
    """The sum of a figure over its labels."""
    lines = product.session.get(f"{product.url}/prometheus").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def table(costs: list[Cost]) -> str:
    """The costs as a Markdown table."""
    head = ["hires", *(cell for name in TIMES.values() for cell in (name, ""))]
    rows = [head + list(SIZES.values()), ["---:"] * (len(head) + len(SIZES))]
    for cost in costs:
        cells = [f"{cost.rows:,}"]
        for name in TIMES:
            value, base = getattr(cost, name), getattr(costs[0], name)
            cells += [f"{value:.1f} s", f"{value / base:.1f} ×"]
        rows.append(cells + [f"{getattr(cost, name):,.0f} MB" for name in SIZES])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
