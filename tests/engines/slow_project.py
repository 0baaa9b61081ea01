"""A copy of the project with a mart that takes some seconds on any engine, to be in the
middle of a build for certain."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from support.server import Server, wait_until

from engines.backends import Backend

MART = "slow_sum"
# Seven digits make ten million rows, less where the first is limited; nothing of that
# can be worked out ahead of counting.
SQL = """
with

digits as (
    {digits}
),

final as (
    select
        2021 as year,
        sum((a.n * b.n + c.n * d.n + e.n * f.n + g.n * repeats.n) % 7) as total
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
    cross join digits as e
    cross join digits as f
    cross join digits as g
    cross join (
        {repeats}
    ) as repeats
    where a.n < {first}
)

select * from final
"""
YAML = f"""
models:
  - name: {MART}
    description: A sum that takes its time. One row.
    config: {{meta: {{title: Slow}}}}
    columns:
      - {{name: year, data_type: integer, description: A year.}}
      - {{name: total, data_type: integer, description: The sum.}}
"""


def slow_down(project: Path, engine: Backend) -> None:
    """Add the slow mart to a copied project."""
    marts = project / "dbt_project/models/marts"
    digits, millions = numbers(10), engine.slow_rows
    repeats, first = numbers(-(-millions // 10)), min(millions, 10)
    (marts / f"{MART}.yml").write_text(YAML)
    (marts / f"{MART}.sql").write_text(
        SQL.format(digits=digits, repeats=repeats, first=first)
    )


def numbers(count: int) -> str:
    return " union all ".join(f"select {n} as n" for n in range(count))


def wait_until_in_the_slow_mart(server: Server) -> None:
    """Until a build that begins after this call is at work on the mart.

    dbt writes a model's SQL down right before it runs it.
    """
    before = latest_run(server)
    wait_until(lambda: latest_run(server) > before)


def latest_run(server: Server) -> float:
    """When the mart was run last; 0 before the first time."""
    runs = (server.warehouse / "builder/run").rglob(f"{MART}.sql")
    return max((path.stat().st_mtime for path in runs), default=0.0)


def kill_builder(server: Server) -> int:
    """kill -9 for the builder beside a server, and what it was known by."""
    builder = server.builder
    os.kill(builder, signal.SIGKILL)
    return builder
