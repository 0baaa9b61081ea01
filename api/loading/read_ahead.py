"""Process one item while the next is produced: a bounded pipeline of two threads."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from queue import Empty, Queue
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def read_ahead(items: Iterable[Item], depth: int) -> Generator[Item]:
    """The items, produced on another thread, of which at most `depth` wait.

    An exception of the producer is raised here, in its place. Closing the iterator
    waits until the other thread has stopped reading.
    """
    waiting: Queue[object] = Queue(depth)
    abandoned = threading.Event()
    raised: list[BaseException] = []

    def make() -> None:
        try:
            for item in items:
                waiting.put(item)
                if abandoned.is_set():
                    return
        except BaseException as error:
            raised.append(error)
        finally:
            waiting.put(_END)

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        while (item := waiting.get()) is not _END:
            yield item  # type: ignore[misc]
    finally:
        abandoned.set()
        while maker.is_alive():
            _drain(waiting)
            maker.join(0.01)
    if raised:
        raise raised[0]


def _drain(waiting: Queue[object]) -> None:
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        return
