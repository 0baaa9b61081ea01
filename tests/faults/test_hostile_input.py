"""Hostile requests to a real server: each is told what it is, and none leaves a mark.

`pytest -s` shows the table of what each got.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest
from support.held_builder import held_builder
from support.hostile_requests import METRIC, Got, Hostile, every_request, get, send
from support.server import Server, serving

MOST_ROWS = 250_000
LONGEST_ANSWER = 60_000  # bytes, pictures and rows of metrics included
LONGEST_SECONDS = 60.0
MOST_MEMORY = 450  # MB; 130 of it before the first request


@pytest.fixture(scope="module")
def server(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hostile")
    with serving(sample_warehouse, folder, MAX_UPLOAD_ROWS=str(MOST_ROWS)) as server:
        yield server


def test_each_is_told_what_it_is_and_none_leaves_a_mark(server: Server) -> None:
    at_first = server.peak_memory() >> 10
    wrong, requests = [], every_request()
    print("\n\n| request | answer | seconds |\n| --- | --- | --- |")
    with held_builder(server):
        for hostile in requests:
            began = time.monotonic()
            got = send(server.port, hostile.request)
            seconds = time.monotonic() - began
            print(f"| {hostile.name} | {told(got)} | {seconds:.2f} |")
            wrong += [f"{hostile.name}: {why}" for why in faults(hostile, got, seconds)]
    assert wrong == []

    loads = server.get("/loads?limit=1000").json()
    wanted = [hostile.loaded for hostile in requests if hostile.loaded]
    assert [load["loaded"] for load in reversed(loads)] == wanted
    for load in loads:
        assert len(load["file_name"] or "") <= 255
        for form in ("format=json", "format=csv", "format=csv&spreadsheet=true"):
            answer = server.get(f"/loads/{load['load_id']}/rejects?{form}")
            assert answer.status_code == 200
            assert form != "format=json" or len(answer.content) < LONGEST_ANSWER * 99
    stored = {t["name"]: t["rows_loaded"] for t in server.get("/tables").json()}
    assert stored == {"departments": 0, "jobs": sum(wanted), "hired_employees": 0}
    server.post("/builds")
    assert server.get("/builds?limit=1").json()[0]["status"] == "published"
    assert send(server.port, get(METRIC)) == Got(200, ANY, b"[]\n")
    worst = server.peak_memory() >> 10
    print(f"\nmemory of the server: {at_first} MB at first, {worst} MB at most")
    assert worst < MOST_MEMORY


def told(got: Got) -> str:
    return f"{got.status} {got.code}".strip()


def faults(hostile: Hostile, got: Got, seconds: float) -> list[str]:
    """What is wrong with an answer; nothing, if all is well."""
    found = []
    if (got.status, got.code) != (hostile.status, hostile.code):
        found.append(f"{told(got)}: {got.body[:300]!r}")
    if len(got.body) > LONGEST_ANSWER:
        found.append(f"{len(got.body)} bytes long")
    if seconds > LONGEST_SECONDS:
        found.append(f"{seconds:.0f} s")
    whole = repr(got.headers).encode() + got.body
    found += [f"{text!r} came out" for text in hostile.never if text in whole]
    if got.code and got.headers.get("x-content-type-options") != "nosniff":
        found.append("may be taken for a page")
    return found
