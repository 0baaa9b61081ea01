"""Answers to metric requests: rendered once per build, format and query, then kept.

Knows neither HTTP nor SQL: routes ask, the warehouse has the rows.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from api.contract import Mart
from api.formats import Format, Options, Sheet
from api.metrics.catalogue import Served
from api.metrics.published import Marts
from api.metrics.query import Condition, Query, cursor_text, page, read_query
from api.warehouse.builds import Build
from api.wording.untrusted_text import cut

# What an entry takes beside its content, about: there may be many small ones.
ENTRY_BYTES = 1024

SIGNS = {"eq": "", "ne": "not ", "gt": "> ", "gte": "≥ ", "lt": "< ", "lte": "≤ "}


@dataclass(frozen=True)
class Wish:
    """What is asked of a metric, in whichever build is served.

    `given` are the request's parameters, each with all its values; `choose` picks the
    format from those of the mart.
    """

    endpoint: str
    given: Mapping[str, Sequence[str]]
    choose: Callable[[Mart], Format]
    options: Options = Options()


@dataclass(frozen=True)
class Question:
    """A wish put to one build; `etag` names the answer, byte for byte."""

    build: Build
    mart: Mart
    query: Query
    format: Format
    options: Options

    @property
    def etag(self) -> str:
        parts = (
            self.build.invocation_id,
            self.mart.endpoint,
            self.format.name,
            str(self.options),
            self.query.digest,
        )
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return f"{self.build.build_id}-{digest[:16]}"


@dataclass(frozen=True)
class Body:
    """An answer as bytes, and the cursor of the next page if there is one."""

    content: bytes
    next_cursor: str | None


class Answers:
    """Answers from the published marts, with the latest kept in at most so many bytes.

    One per process; safe for use by many threads.
    """

    def __init__(self, marts: Marts, most_bytes: int) -> None:
        self._marts = marts
        self._bodies: LRUCache[str, Body] = LRUCache(most_bytes, getsizeof=_size)
        self._lock = threading.Lock()

    def question(self, wish: Wish) -> Question:
        """The wish as a question to the build that is served now.

        Raises NotReady, UnknownMetric, UndeclaredParameter and BadParameter, and what
        the wish's choice raises.
        """
        return _question(self._marts.served(), wish)

    def body(self, wish: Wish, question: Question) -> tuple[Question, Body]:
        """The answer; with the question of a later build if one was published since."""
        kept = self._kept(question)
        if kept is not None:
            return question, kept
        answer = self._marts.answer(
            wish.endpoint, lambda mart: read_query(mart, wish.given)
        )
        question = _question(answer.served, wish)
        rows, end = page(answer.query, answer.rows)
        sheet = Sheet(
            mart=question.mart,
            rows=rows,
            columns=answer.query.columns,
            subtitle=_subtitle(question),
            panel=answer.query.panel,
            options=wish.options,
        )
        content = question.format.render(sheet)
        body = Body(content, cursor_text(answer.query, end) if end else None)
        self._keep(question, body)
        return question, body

    def _kept(self, question: Question) -> Body | None:
        with self._lock:
            return self._bodies.get(question.etag)

    def _keep(self, question: Question, body: Body) -> None:
        with self._lock:
            if _size(body) <= self._bodies.maxsize:
                self._bodies[question.etag] = body


def _question(served: Served, wish: Wish) -> Question:
    mart = served.metric(wish.endpoint).mart
    return Question(
        build=served.build,
        mart=mart,
        query=read_query(mart, wish.given),
        format=wish.choose(mart),
        options=wish.options,
    )


def _subtitle(question: Question) -> str:
    """Which rows a chart shows, and how fresh they are."""
    build = question.build
    day, clock = build.finished_at[:10], build.finished_at[11:16]
    freshness = f"build {build.build_id}, {day} {clock} UTC"
    parts = [*map(_told, question.query.conditions), freshness]
    return " · ".join([*parts, "sample data"] if build.is_sample else parts)


def _told(condition: Condition) -> str:
    values = ", ".join(str(value) for value in condition.values)
    if condition.operator == "null":
        return f"{condition.column}: {'none' if condition.values[0] else 'any'}"
    sign = SIGNS.get(condition.operator, f"{condition.operator} ")
    return f"{condition.column}: {sign}{cut(values)}"


def _size(body: Body) -> int:
    return len(body.content) + len(body.next_cursor or "") + ENTRY_BYTES
