"""Two threads, one pipeline: order, errors, and letting go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from api.loading.read_ahead import read_ahead


def test_items_come_in_order_and_all_of_them() -> None:
    assert list(read_ahead(range(1000), depth=3)) == list(range(1000))
    assert list(read_ahead((), depth=1)) == []


def test_what_making_raises_is_raised_after_the_items_before() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("broken")

    seen = []
    with pytest.raises(KeyError, match="broken"):
        for item in read_ahead(failing(), depth=1):
            seen.append(item)
    assert seen == [1, 2]


def test_no_more_is_made_than_may_wait() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with closing(read_ahead(items(), depth=2)) as ahead:
        next(ahead)
        time.sleep(0.2)
        assert len(made) <= 5


def test_closing_early_waits_until_nothing_is_read_any_more() -> None:
    let_go = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(10_000)
        finally:
            let_go.set()

    before = threading.active_count()
    with closing(read_ahead(items(), depth=1)) as ahead:
        assert next(ahead) == 0
    assert threading.active_count() == before
    assert let_go.wait(1)
