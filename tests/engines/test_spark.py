"""Spark alone: a worker that is killed, and a cluster that is away for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.backends import Backend, Spark
from engines.conftest import NewServer
from engines.history import History, Row, published_load
from engines.slow_project import slow_down, wait_until_in_the_slow_mart

METRICS = (
    "/metrics/departments_above_average?year=all",
    "/metrics/employees_per_department?year=all",
)


@pytest.fixture(scope="module")
def cluster(engine: Backend) -> Spark:
    if not isinstance(engine, Spark):
        pytest.skip("Spark alone")
    return engine


@pytest.fixture(scope="module")
def history(cluster: Spark, new_server: NewServer, own_project: Path) -> History:
    """A server whose builds take some seconds longer."""
    slow_down(own_project, cluster)
    history = History(new_server(own_project).start())
    rows = [(1, "Sales"), (2, "Legal"), (3, "Nobody")]
    history.batch("departments", rows, Prefer="respond-async")
    history.batch("jobs", [(1, "Clerk")], Prefer="respond-async")
    history.batch("hired_employees", hires(1, 100, 1))
    return history


def hires(first: int, count: int, department: int) -> list[Row]:
    return [
        (n, f"Ann {n}", f"2021-{n % 12 + 1:02}-03", department, 1)
        for n in range(first, first + count)
    ]


def test_a_build_outlives_a_worker_that_is_killed_in_the_middle(
    cluster: Spark, history: History
) -> None:
    history.batch("hired_employees", hires(200, 90, 2), Prefer="respond-async")
    wait_until_in_the_slow_mart(history.server)
    cluster.kill_worker()
    history.wait_until_built()
    history.assert_served()
    cluster.add_worker()


def test_while_the_cluster_is_away_loads_are_kept_and_metrics_are_served(
    cluster: Spark, history: History
) -> None:
    server = history.server
    good = [server.get(path).content for path in METRICS]
    cluster.stop()
    try:
        wanted = {"Prefer": "wait=20"}
        told = [
            history.batch("hired_employees", hires(300, 20, 2), **wanted),
            history.upload("hired_employees", hires(400, 40, 1), b"x,y\n", **wanted),
        ]
        for receipt in told:
            assert receipt["build"]["status"] in ("failed", "pending")
            for failure in receipt["build"]["failures"]:
                assert failure["words"] and "\tat " not in failure["message"]
        assert [server.get(path).content for path in METRICS] == good
        # Asked for the first time: it is not only what is in memory that is served.
        assert server.get(f"{METRICS[0]}&hired__gte=1").status_code == 200
        assert server.get(f"/loads/{told[1]['load_id']}").json()["rejected"] == 1
    finally:
        cluster.start()
    # By itself, with nothing more that is loaded.
    history.wait_until_built()
    assert all(published_load(server, receipt["load_id"]) for receipt in told)
    history.assert_served()
