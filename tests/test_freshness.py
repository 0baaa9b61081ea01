"""ETags, 304 and the cache: as fast as nothing, and never a stale or mixed answer."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from support.client import open_client
from support.inspection import query
from support.server import build_once, wait_until
from werkzeug.test import TestResponse

from api.contract import Mart
from api.formats import FORMATS, Format
from api.metrics.answers import Answers, Wish
from api.metrics.published import SETTLED_SECONDS, TRUSTED_SECONDS, Marts
from api.warehouse.engines.sqlite.server_store import SqliteWarehouse

HIRES = "/metrics/employees_per_department"
ABOVE = "/metrics/departments_above_average"


def etag(client: FlaskClient, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).headers["ETag"]


def test_equal_questions_have_one_etag_and_others_another(client: FlaskClient) -> None:
    assert etag(client, ABOVE) == etag(client, f"{ABOVE}?year=2021")
    assert etag(client, ABOVE) == etag(client, f"{ABOVE}?format=json&year=02021")
    assert etag(client, ABOVE) == etag(client, f"{ABOVE}?theme=light&spreadsheet=false")
    others = [
        ABOVE,
        HIRES,
        f"{ABOVE}?year=2020",
        f"{ABOVE}?year=all",
        f"{ABOVE}?format=csv",
        f"{ABOVE}?format=csv&spreadsheet=true",
        f"{ABOVE}?format=svg",
        f"{ABOVE}?format=svg&theme=dark",
        f"{ABOVE}?format=vegalite",
        f"{ABOVE}?format=vegalite&theme=dark",
        f"{ABOVE}?select=id",
        f"{ABOVE}?sort=id",
        f"{ABOVE}?limit=2",
        f"{ABOVE}?hired__gte=90",
        f"{ABOVE}?hired__gt=90",
    ]
    assert len({etag(client, address) for address in others}) == len(others)


def test_an_etag_is_strong_and_names_the_build(client: FlaskClient) -> None:
    assert etag(client, ABOVE).startswith('"1-')


@pytest.mark.parametrize("address", [HIRES, f"{ABOVE}?year=all&format=csv", "/metrics"])
def test_who_has_the_answer_already_gets_no_body(
    client: FlaskClient, address: str
) -> None:
    known = client.get(address)
    again = client.get(address, headers={"If-None-Match": known.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Build-Id", "Build-Last-Load-Id", "Cache-Control"):
        assert again.headers[name] == known.headers[name]


def test_who_has_another_answer_gets_this_one(client: FlaskClient) -> None:
    known = etag(client, f"{ABOVE}?year=2020")
    answer = client.get(ABOVE, headers={"If-None-Match": known})
    assert answer.status_code == 200 and answer.json


def test_an_answer_that_is_known_costs_no_look_into_the_database(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = etag(client, ABOVE)
    assert client.get(ABOVE).status_code == 200
    marts = client.application.extensions["context"].marts
    time.sleep(SETTLED_SECONDS)
    reads = 0
    reading = marts._database.reading

    def counted() -> object:
        nonlocal reads
        reads += 1
        return reading()

    marts.served()
    monkeypatch.setattr(marts._database, "reading", counted)
    begun = time.monotonic()
    for _ in range(20):
        answer = client.get(ABOVE, headers={"If-None-Match": known})
        assert answer.status_code == 304
        assert client.get(ABOVE).status_code == 200
    # One look whenever what is known is no longer trusted, and none for a request.
    assert reads <= (time.monotonic() - begun) / TRUSTED_SECONDS


class Rebuilt(NamedTuple):
    """The application on a warehouse that was built a second time under it."""

    client: FlaskClient
    warehouse: Path
    first: str
    second: TestResponse


@pytest.fixture(scope="module")
def rebuilt(
    sample_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rebuilt]:
    folder = tmp_path_factory.mktemp("rebuilt") / "warehouse"
    shutil.copytree(sample_warehouse, folder)
    with open_client(folder) as client:
        first = etag(client, ABOVE)
        build_once(folder)
        second = client.get(ABOVE, headers={"If-None-Match": first})
        yield Rebuilt(client, folder, first, second)


def test_a_new_build_is_served_at_once(rebuilt: Rebuilt) -> None:
    """And so is the third one, below."""
    answer = rebuilt.second
    assert (answer.status_code, answer.headers["Build-Id"]) == (200, "2")
    assert answer.headers["ETag"] != rebuilt.first


def test_a_warehouse_of_an_earlier_version_waits_for_its_builder(
    rebuilt: Rebuilt, warehouse: Path
) -> None:
    query(warehouse / "published.db", "drop table catalogue")
    with open_client(warehouse) as client:
        answer = client.get(ABOVE)
        assert (answer.status_code, answer.json["code"]) == (503, "not_ready")
        build_once(warehouse)
        wait_until(lambda: client.get(ABOVE).status_code == 200)
        # It has the number, the files and the rows of a build of another warehouse.
        answer, other = client.get(ABOVE), rebuilt.second
        assert answer.headers["Build-Id"] == other.headers["Build-Id"]
        assert answer.data == other.data
        assert answer.headers["ETag"] != other.headers["ETag"]


def test_the_cache_keeps_to_its_bound(warehouse: Path) -> None:
    engine = SqliteWarehouse(warehouse)
    marts = Marts(engine)
    answers = Answers(marts, most_bytes=2_000)

    def json_of(_: Mart) -> Format:
        return FORMATS["json"]

    def ask(year: int) -> bytes:
        given = {"year": [str(year)]}
        wish = Wish("departments_above_average", given, json_of)
        _, body = answers.body(wish, answers.question(wish))
        return body.content

    first = [ask(year) for year in range(1990, 2030)]
    assert answers._bodies.currsize <= 2_000
    assert [ask(year) for year in range(1990, 2030)] == first
    everything = Wish("employees_per_department", {"year": ["all"]}, json_of)
    _, body = answers.body(everything, answers.question(everything))
    assert len(body.content) > 2_000, "larger than the cache: answered, not kept"
    engine.close()


def test_many_readers_of_a_fresh_build_all_get_its_answer(warehouse: Path) -> None:
    with open_client(warehouse) as client:
        app = client.application
        found: list[tuple[int, bytes]] = []

        def read() -> None:
            answer = app.test_client().get(HIRES)
            found.append((answer.status_code, answer.data))

        threads = [threading.Thread(target=read) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 16 and len(set(found)) == 1 and found[0][0] == 200


def test_a_metric_that_is_removed_is_gone_at_once_and_the_others_stay(
    rebuilt: Rebuilt, project: Path
) -> None:
    client = rebuilt.client
    before = etag(client, HIRES)
    assert client.get(ABOVE).status_code == 200
    for path in project.glob("dbt_project/models/marts/departments_above*"):
        path.unlink()
    build_once(rebuilt.warehouse, project)
    assert client.get(ABOVE).status_code == 404
    answer = client.get(HIRES, headers={"If-None-Match": before})
    assert (answer.status_code, answer.headers["Build-Id"]) == (200, "3")
    assert [m["name"] for m in client.get("/metrics").json] == [HIRES[9:]]
