"""What is seen of a request and a load: its number, its lines, its figures."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from support import fork_server
from support.server import Server, environment, wait_until

from api.config import CHECKOUT
from api.observability.logs import JsonLines, log_event

METRIC = "/metrics/employees_per_department"
Line = dict[str, Any]


def figures(text: str) -> dict[str, float]:
    """Every figure of an exposition by its name and labels."""
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines)}


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """The lines that are logged in this process from now on."""
    stream, log = io.StringIO(), logging.getLogger("hiring")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    found: list[Line] = _Lines(stream)
    yield found
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


class _Lines(list[Line]):
    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[Line]:
        return map(json.loads, self._stream.getvalue().splitlines())


def upload(client: FlaskClient, content: bytes, name: str = "d.csv") -> Any:
    form = {"csv_file": (io.BytesIO(content), name), "table_name": "departments"}
    return client.post("/upload_csv", data=form, headers={"X-Request-ID": "mine-1"})


def test_a_request_keeps_the_number_that_its_client_gave_it(
    client: FlaskClient,
) -> None:
    answer = client.get(METRIC, headers={"X-Request-ID": "a.B_9-" + "x" * 122})
    assert answer.headers["X-Request-ID"] == "a.B_9-" + "x" * 122


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", 'a"b', "ä", "a\tb"])
def test_a_number_that_is_none_is_replaced(client: FlaskClient, given: str) -> None:
    first, second = (
        client.get(METRIC, headers={"X-Request-ID": given}).headers["X-Request-ID"]
        for _ in range(2)
    )
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", first)
    assert first != second


def test_every_answer_has_one_number(client: FlaskClient) -> None:
    for path in (METRIC, "/loads", "/nowhere", "/metrics/none", "/loads/9"):
        assert len(client.get(path).headers.getlist("X-Request-ID")) == 1


def test_a_load_is_told_with_its_counts_and_its_request(
    client: FlaskClient, lines: list[Line]
) -> None:
    upload(client, b"1,Sales\n2,\n")
    (load,) = [line for line in lines if line["event"] == "load"]
    assert load["request_id"] == "mine-1"
    counts = {name: load[name] for name in ("load_id", "received", "rejected")}
    assert counts == {"load_id": 1, "received": 2, "rejected": 1}
    (request,) = [line for line in lines if line["event"] == "request"]
    assert (request["route"], request["status"]) == ("/upload_csv", 202)
    assert request["level"] == "info" and request["request_id"] == "mine-1"


def test_no_line_tells_what_a_row_a_file_or_a_filter_says(
    client: FlaskClient, lines: list[Line]
) -> None:
    secret = "Zaphod"
    upload(client, f"1,{secret}\n{secret},x\n".encode(), f"{secret}.csv")
    upload(client, f"{secret},{secret}\n".encode())
    upload(client, f'1,"{secret}'.encode())
    client.post("/insert_batch", json={"table_name": secret, "data": [[secret]]})
    client.post("/insert_batch", json={"table_name": "jobs", "data": [[1, secret]]})
    client.get(f"{METRIC}?department={secret}")
    client.get(f"{METRIC}?{secret}={secret}")
    client.get(f"/{secret}")
    client.get(f"/tables/{secret}")
    told = list(lines)
    assert len(told) >= 9
    assert secret.lower() not in json.dumps(told).lower()


def test_a_failure_is_told_by_its_places_and_not_by_what_it_says(
    client: FlaskClient, lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("the cell says Zaphod")

    monkeypatch.setitem(client.application.view_functions, "loads.list_loads", fail)
    answer = client.get("/loads")
    assert answer.status_code == 500
    (failure,) = [line for line in lines if line["event"] == "failure"]
    assert failure["errors"][0]["kind"] == "ValueError"
    assert "test_observing.py" in failure["errors"][0]["frames"][-1]
    assert failure["request_id"] == answer.headers["X-Request-ID"]
    assert "Zaphod" not in json.dumps(list(lines))


def test_reads_are_told_at_debug_and_refusals_at_info(
    client: FlaskClient, lines: list[Line]
) -> None:
    client.get("/loads")
    client.get("/nowhere")
    levels = [(line["level"], line["route"], line["status"]) for line in lines]
    assert levels == [("debug", "/loads", 200), ("info", "other", 404)]


def test_a_value_with_line_breaks_stays_on_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb\r\u2028c", (), None)
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == "a\nb\r\u2028c"
    log_event("nothing is wrong with\nthis")


def test_figures_tell_loads_rows_queue_and_refusals(client: FlaskClient) -> None:
    before = figures(client.get("/prometheus").text)
    upload(client, b"1,Sales\n2,\n3,Legal\n")
    client.get("/nowhere")
    for _ in range(3):
        client.get(METRIC)
    answer = client.get("/prometheus")
    assert answer.content_type.startswith("text/plain; version=")
    now = figures(answer.text)
    assert now['hiring_loads_total{table="departments"}'] == 1
    assert now['hiring_rows_loaded_total{table="departments"}'] == 2
    assert now['hiring_rows_rejected_total{table="departments"}'] == 1
    assert now["hiring_queue_loads"] == 1
    assert 0 <= now["hiring_queue_age_seconds"] < 60
    assert now["hiring_builder_running"] == 0
    assert now["hiring_builds_total"] == 1
    assert now['hiring_kept_builds{status="published"}'] == 1
    assert now["hiring_publish_age_seconds"] > 0
    assert now['hiring_file_bytes{file="raw.db"}'] > 0
    assert now["hiring_free_disk_bytes"] > 0

    def more(name: str) -> float:
        return now[name] - before.get(name, 0)

    metric = 'method="GET",route="/metrics/{name}",status="200"'
    assert more(f"hiring_request_seconds_count{{{metric}}}") == 3
    assert more('hiring_refusals_total{code="not_found"}') == 1


def test_what_clients_invent_makes_no_figures_of_its_own(client: FlaskClient) -> None:
    for name in ("a", "b", "c"):
        client.get(f"/{name}")
        client.get(f"/metrics/{name}")
        client.get(f"/tables/{name}")
        client.open("/loads", method=name.upper())
    text = client.get("/prometheus").text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert {"other", "/metrics/{name}", "/tables/{name}"} <= routes
    assert not routes & {"/a", "/metrics/a", "/tables/a"}
    assert not re.search(r'method="[ABC]"', text)


def test_workers_count_together_and_log_one_story_of_load_build_and_publish(
    warehouse: Path, tmp_path: Path
) -> None:
    """A server of its own: its workers, its builder and its end write one log."""
    log = tmp_path / "log"
    server = Server(warehouse, settings={"WORKERS": "2"}, log=log).start()
    try:
        for _ in range(20):
            server.session.close()
            assert server.get(METRIC).status_code == 200
        metric = 'method="GET",route="/metrics/{name}",status="200"'
        for _ in range(6):
            server.session.close()
            now = figures(server.get("/prometheus").text)
            assert now[f"hiring_request_seconds_count{{{metric}}}"] == 20

        form = {"files": {"csv_file": ("d.csv", b"1,Sales\n")}}
        form["data"] = {"table_name": "departments"}
        server.post("/upload_csv", headers={"X-Request-ID": "mine-7"}, **form)
        wait_until(lambda: '"loads":[1]' in log.read_text())
    finally:
        server.stop()
    told = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in told]
    assert events[0] == "start" and events[-1] == "stop"
    load = next(line for line in told if line["event"] == "load")
    assert load["request_id"] == "mine-7"
    build = next(
        line
        for line in told
        if line["event"] == "build_published" and load["load_id"] in line["loads"]
    )
    assert build["build_id"] > 1 and build["seconds"] > 0
    request = next(line for line in told if line.get("route") == "/upload_csv")
    assert request["request_id"] == "mine-7" and request["status"] == 201


def test_a_build_that_fails_is_told_by_the_names_of_what_failed(
    warehouse: Path, project: Path
) -> None:
    test = project / "dbt_project/models/marts/departments_above_average.sql"
    test.write_text("select this is no sql")
    command = ["-m", "api.builder", "--once"]
    done = fork_server.run(command, CHECKOUT, environment(warehouse, project))
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stderr.splitlines()]
    (failed,) = [line for line in told if line["event"] == "build_failed"]
    assert failed["level"] == "error" and failed["build_id"] == 2
    assert failed["failures"]
    assert "is no sql" not in done.stderr
