"""Answers to metric requests: a page of rows, rendered in the requested format."""

from __future__ import annotations

from dataclasses import dataclass

from api.formats import ResultSet
from api.metrics.cursor import cursor_text
from api.metrics.marts import Marts
from api.metrics.operators import OPERATORS
from api.metrics.paging import page
from api.metrics.query import Condition
from api.metrics.request import ResolvedRequest
from api.wording import cut


@dataclass(frozen=True)
class Answer:
    """The bytes that answer a request, and the cursor of the next page if there is one.

    `resolved` is the request as it is answered: from a newer build than it came with,
    if one was published meanwhile.
    """

    resolved: ResolvedRequest
    content: bytes
    next_cursor: str | None


def answer(marts: Marts, resolved: ResolvedRequest) -> Answer:
    """Read and render the rows of a request.

    Raises NotReady, and what `resolve` raises if another build was published meanwhile.
    """
    resolved, rows = marts.rows(resolved)
    query = resolved.query
    rows, end = page(query, rows)
    result = ResultSet(
        mart=resolved.mart,
        rows=rows,
        columns=query.columns,
        subtitle=_subtitle(resolved),
        panel=query.panel,
        options=resolved.request.options,
    )
    content = resolved.format.render(result)
    return Answer(resolved, content, cursor_text(query, end) if end else None)


def _subtitle(resolved: ResolvedRequest) -> str:
    """The rows that a chart shows, and how fresh they are."""
    build = resolved.build
    day, clock = build.finished_at[:10], build.finished_at[11:16]
    freshness = f"build {build.build_id}, {day} {clock} UTC"
    parts = [*map(_condition, resolved.query.conditions), freshness]
    return " · ".join([*parts, "sample data"] if build.is_sample else parts)


def _condition(condition: Condition) -> str:
    operator = OPERATORS[condition.operator]
    if operator.reads == "boolean":
        return f"{condition.column}: {'none' if condition.values[0] else 'any'}"
    values = ", ".join(str(value) for value in condition.values)
    return f"{condition.column}: {operator.sign}{cut(values)}"
