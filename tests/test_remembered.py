"""Answers given again ahead of Flask: the same bytes, and never an older build's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.errors import NotReady
from api.remembered import ENTRY_BYTES, Remembered
from api.warehouse import Build

BUILD = Build(7, "seven", "published", "", "", 1, 0, [], [], [])
METRIC = "/metrics/employees_per_department"


class Told:
    """An application that counts what it is asked, behind one that remembers."""

    def __init__(self, most_bytes: int = 100_000) -> None:
        self.build: Build | None = BUILD
        self.status = "200 OK"
        self.answered_by: int | None = None
        self.asked = 0
        self._front = Remembered(self._app, self._served, most_bytes)

    def get(self, path: str = "/metrics/m", method: str = "GET", **parts: str) -> bytes:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, **parts}
        return b"".join(self._front(environ, lambda *_: lambda _: None))

    def _served(self) -> Build:
        if self.build is None:
            raise NotReady("not yet")
        return self.build

    def _app(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked += 1
        number = self.answered_by or (self.build.build_id if self.build else 0)
        start(self.status, [("Build-Id", str(number))])
        return [f"{environ['PATH_INFO']} {self.asked}".encode()]


def test_the_same_question_is_passed_on_once() -> None:
    told = Told()
    assert [told.get() for _ in range(3)] == [b"/metrics/m 1"] * 3


@pytest.mark.parametrize(
    "parts",
    [
        {"QUERY_STRING": "year=2022"},
        {"HTTP_ACCEPT": "text/csv"},
        {"HTTP_IF_NONE_MATCH": '"x"'},
        {"HTTP_HOST": "other"},
        {"SCRIPT_NAME": "/mounted"},
        {"wsgi.url_scheme": "https"},
    ],
)
def test_another_question_is_passed_on(parts: dict[str, str]) -> None:
    told = Told()
    assert told.get() != told.get(**parts)
    assert told.asked == 2


def test_another_build_is_asked_anew() -> None:
    told = Told()
    told.get()
    told.build = replace(BUILD, build_id=8, invocation_id="eight")
    assert told.get() == b"/metrics/m 2"
    assert told.get() == b"/metrics/m 2"


def test_an_answer_of_a_build_published_meanwhile_is_not_kept() -> None:
    told = Told()
    told.answered_by = 8
    told.get()
    told.get()
    assert told.asked == 2


def test_errors_and_what_is_too_large_are_not_kept() -> None:
    told = Told()
    told.status = "400 BAD REQUEST"
    told.get()
    told.get()
    assert told.asked == 2
    small = Told(most_bytes=ENTRY_BYTES)
    small.get()
    small.get()
    assert small.asked == 2


def test_what_a_client_makes_long_counts_for_what_it_takes() -> None:
    told = Told(most_bytes=100_000)
    for part in ("QUERY_STRING", "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH"):
        before = told.asked
        for _ in range(2):
            told.get(**{part: "x" * 30_000})
        assert told.asked == before + 2, "too long to be kept"


def test_the_rest_is_passed_on_as_it_is() -> None:
    told = Told()
    for _ in range(2):
        told.get(method="POST")
        told.get(method="HEAD")
        told.get("/builds")
    told.build = None
    told.get()
    assert told.asked == 7


def test_what_the_routes_answer_is_the_same_the_second_time(
    client: FlaskClient,
) -> None:
    queries = ["", "?format=csv", "?year=2022&limit=3", "?format=nonsense"]
    for query in [*queries, "?format=vegalite", "?format=vegalite&theme=dark"]:
        first, second = (client.get(METRIC + query) for _ in range(2))
        assert first.data == second.data
        assert first.status_code == second.status_code
        # Each has a number of its own.
        for answer in (first, second):
            del answer.headers["X-Request-ID"]
        assert list(first.headers) == list(second.headers)
    etag = client.get(METRIC).headers["ETag"]
    for _ in range(2):
        answer = client.get(METRIC, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.data) == (304, b"")
