"""Answers given again ahead of Flask: the same bytes, and never an older build's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from support.remembering import BUILD, Told

from api.middleware.response_cache import ENTRY_BYTES

METRIC = "/metrics/employees_per_department"


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
