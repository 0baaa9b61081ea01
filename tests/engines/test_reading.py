"""Read your writes, from many clients at once; readers meanwhile see whole builds."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from support.server import Server

from engines.backends import Backend
from engines.history import History

READ_EVERY_SECONDS = 0.02
CLIENTS = 4
HIRES = "employees_per_department"
ABOVE = "departments_above_average"


def another(server: Server) -> Server:
    """The same server by connections of its own."""
    return Server(server.warehouse, port=server.port)


def test_every_client_reads_what_it_wrote(server: Server, engine: Backend) -> None:
    def write(client: int) -> History:
        history = History(another(server))
        for number in range(1, engine.rounds + 1):
            name = f"Client {client}, round {number}"
            quiet = {"Prefer": "respond-async"}
            history.batch("departments", [(client, name)], **quiet)
            history.upload("jobs", [(client, f"Job of {client}")], **quiet)
            first = 1000 * client + 10 * number
            rows = [(first + n, "Ann", "2021-04-01", client, client) for n in range(7)]
            told = history.upload("hired_employees", rows)
            assert told["build"]["status"] == "published"
            # At once, and nobody else writes to this department.
            row = history.server.rows(HIRES, job=f"Job of {client}")
            assert row == [
                {"department": name, "job": f"Job of {client}"}
                | {"Q1": 0, "Q2": 7 * number, "Q3": 0, "Q4": 0}
            ]
        return history

    with ThreadPoolExecutor(CLIENTS) as pool:
        histories = list(pool.map(write, range(1, CLIENTS + 1)))
    whole = History(server)
    for history in histories:
        whole.entries |= history.entries
    assert len(whole.entries) == 3 * CLIENTS * engine.rounds - repeated(histories)
    whole.assert_served()


def repeated(histories: list[History]) -> int:
    """Files of jobs that were there already: the same in each round but the first."""
    rounds = [
        sum(e.table == "hired_employees" for e in h.entries.values()) for h in histories
    ]
    return sum(count - 1 for count in rounds)


def test_a_request_to_build_answers_with_the_build(server: Server) -> None:
    before = server.get("/builds").json()[0]["build_id"]
    answer = server.post("/builds")
    assert answer.status_code == 201
    assert answer.json()["build_id"] > before
    assert {step["kind"] for step in answer.json()["steps"]} >= {"model", "test"}
    assert all(step["seconds"] >= 0 for step in answer.json()["steps"])


@dataclass
class Readings:
    """What readers were answered, by metric and build."""

    bodies: dict[tuple[str, int], bytes] = field(default_factory=dict)
    tags: dict[tuple[str, int], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, server: Server, done: threading.Event) -> int:
        """Read both metrics in turn; how often."""
        newest = count = 0
        # With a pause: the builder, which gives way to whoever answers, is to come on.
        while not done.wait(READ_EVERY_SECONDS):
            for metric, query in (
                (HIRES, ""),
                (ABOVE, "?select=department,hired,mean"),
            ):
                answer = server.get(f"/metrics/{metric}{query}")
                assert answer.status_code == 200, answer.text
                build = int(answer.headers["Build-Id"])
                assert build >= newest, "an older build after a newer one"
                newest, count = build, count + 1
                self._note(metric, build, answer)
        return count

    def _note(self, metric: str, build: int, answer: requests.Response) -> None:
        with self._lock:
            body = self.bodies.setdefault((metric, build), answer.content)
            tag = self.tags.setdefault((metric, build), answer.headers["ETag"])
        assert (body, tag) == (answer.content, answer.headers["ETag"])

    def builds(self) -> list[int]:
        """The builds of which both metrics were read."""
        seen = [
            {build for name, build in self.bodies if name == m} for m in (HIRES, ABOVE)
        ]
        return sorted(seen[0] & seen[1])


def test_readers_see_both_metrics_of_whole_builds(
    server: Server, engine: Backend
) -> None:
    history, readings, done = History(server), Readings(), threading.Event()
    departments = [(n, f"Department {n}") for n in range(1, 6)]
    history.upload("departments", departments, mode="replace")
    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(readings.read, another(server), done) for _ in range(3)]
        try:
            for number in range(engine.rounds + 1):
                first = 100_000 + 100 * number
                rows = [
                    (first + n, "Ann", "2021-07-01", n % 5 % 3 + 1, 1)
                    for n in range(30)
                ]
                history.batch("hired_employees", rows)
        finally:
            done.set()
        assert all(reader.result() > 5 for reader in readers)
    builds = readings.builds()
    assert len(builds) >= 2
    totals = []
    for build in builds:
        hires, above = (json.loads(readings.bodies[m, build]) for m in (HIRES, ABOVE))
        assert above == above_average(hires, len(departments))
        totals.append(sum(hired_by_department(hires).values()))
    assert totals == sorted(totals), "rows that were counted are not any more"


def hired_by_department(hires: list[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in hires:
        count = row["Q1"] + row["Q2"] + row["Q3"] + row["Q4"]
        counts[row["department"]] = counts.get(row["department"], 0) + count
    return counts


def above_average(hires: list[dict[str, Any]], departments: int) -> list[Any]:
    """What the one metric has to be, by the other one of the same build."""
    counts = hired_by_department(hires)
    mean = sum(counts.values()) / departments
    rows = [
        {"department": name, "hired": hired, "mean": mean}
        for name, hired in counts.items()
        if hired > mean
    ]
    return sorted(rows, key=lambda row: (-row["hired"], row["department"]))
