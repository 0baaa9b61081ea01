"""Answers given again ahead of Flask: the same bytes, and never an older build's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from support.response_cache import BUILD, Cached

from api.middleware.response_cache import ENTRY_BYTES

METRIC = "/metrics/employees_per_department"


def test_the_same_question_is_passed_on_once() -> None:
    cached = Cached()
    assert [cached.get() for _ in range(3)] == [b"/metrics/m 1"] * 3


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
    cached = Cached()
    assert cached.get() != cached.get(**parts)
    assert cached.asked == 2


def test_another_build_is_asked_anew() -> None:
    cached = Cached()
    cached.get()
    cached.build = replace(BUILD, build_id=8, invocation_id="eight")
    assert cached.get() == b"/metrics/m 2"
    assert cached.get() == b"/metrics/m 2"


def test_an_answer_of_a_build_published_meanwhile_is_not_kept() -> None:
    cached = Cached()
    cached.answered_by = 8
    cached.get()
    cached.get()
    assert cached.asked == 2


def test_errors_and_what_is_too_large_are_not_kept() -> None:
    cached = Cached()
    cached.status = "400 BAD REQUEST"
    cached.get()
    cached.get()
    assert cached.asked == 2
    small = Cached(most_bytes=ENTRY_BYTES)
    small.get()
    small.get()
    assert small.asked == 2


def test_the_cache_keeps_to_its_bound() -> None:
    cached = Cached(most_bytes=5 * ENTRY_BYTES)
    for year in range(40):
        cached.get(QUERY_STRING=f"year={year}")
        assert 0 < cached.cache._answers.currsize <= 5 * ENTRY_BYTES
    assert cached.asked == 40
    cached.get(QUERY_STRING="year=39")
    assert cached.asked == 40, "the latest is kept"
    cached.get(QUERY_STRING="year=0")
    assert cached.asked == 41, "the oldest is not"


def test_what_a_client_makes_long_counts_for_what_it_takes() -> None:
    cached = Cached(most_bytes=100_000)
    for part in ("QUERY_STRING", "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH"):
        before = cached.asked
        for _ in range(2):
            cached.get(**{part: "x" * 30_000})
        assert cached.asked == before + 2, "too long to be kept"


def test_the_rest_is_passed_on_as_it_is() -> None:
    cached = Cached()
    for _ in range(2):
        cached.get(method="POST")
        cached.get(method="HEAD")
        cached.get("/builds")
    cached.build = None
    cached.get()
    assert cached.asked == 7


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
