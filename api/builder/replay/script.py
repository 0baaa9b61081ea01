"""A build as statements to send, with holes, and the answers that they have to get.

What dbt was answered is what its Jinja has decided by. So the answers have to be alike
when a script is played, else it is of no use for what has come, and whoever plays it
rolls back what it did.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# A hole, by the name of what fills it.
INVOCATION_ID, STARTED_AT, FINISHED_AT = "invocation_id", "started_at", "finished_at"
GIVEN = (INVOCATION_ID, STARTED_AT, FINISHED_AT)
SECONDS = "seconds of "

# A literal, a name, or what stands between them.
TOKEN = re.compile(r"\0[^\0]*\0|\w+(?:[.:+-]\w+)*|\W")


class NotAlike(Exception):
    """The database answers otherwise than it did when the script was recorded."""


@dataclass(frozen=True)
class Hole:
    name: str


Template = tuple[str | Hole, ...]


@dataclass(frozen=True)
class Cell:
    kind: type
    text: Template
    is_passed_on: bool


@dataclass(frozen=True)
class Step:
    """A statement to send, and the answer that it has to get."""

    sql: Template
    node: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] | None
    limit: int | None


# Sends a statement; its columns, and its rows if they are wanted, at most so many.
Send = Callable[[str, bool, int | None], tuple[tuple[str, ...], list[tuple[Any, ...]]]]


class Script:
    """The steps of a build; made by `likeness`."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def play(
        self,
        invocation_id: str,
        now: Callable[[], str],
        send: Send,
        at: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Send the statements of a build; `at` hears of each node that comes to work.

        Raises NotAlike, and whatever `send` does.
        """
        values = {INVOCATION_ID: invocation_id, STARTED_AT: now()}
        seconds: dict[str, float] = {}
        node = ""
        for step in self.steps:
            if step.node != node:
                at(node := step.node)
            began = time.monotonic()
            values[FINISHED_AT] = now()
            wants_rows = step.rows is not None
            columns, rows = send(_filled(step.sql, values), wants_rows, step.limit)
            if columns != step.columns:
                raise NotAlike(f"other columns in {step.node}")
            if step.rows is not None:
                _take(step, rows, values)
            seconds[node] = seconds.get(node, 0.0) + time.monotonic() - began
            values[SECONDS + node] = str(round(seconds[node], 3))


def _take(step: Step, rows: Sequence[tuple[Any, ...]], values: dict[str, str]) -> None:
    """See that an answer is alike, and keep what it tells of this build."""
    assert step.rows is not None
    if len(rows) != len(step.rows):
        raise NotAlike(f"other rows in {step.node}")
    for cells, row in zip(step.rows, rows, strict=True):
        for cell, value in zip(cells, row, strict=True):
            if type(value) is not cell.kind or not _fits(cell, text_of(value), values):
                raise NotAlike(f"another answer in {step.node}")


def _fits(cell: Cell, text: str, values: dict[str, str]) -> bool:
    parts = tokens_of(text)
    if len(parts) != len(cell.text):
        return False
    for part, expected in zip(parts, cell.text, strict=True):
        if isinstance(expected, Hole):
            name = expected.name
            if name not in values and cell.is_passed_on and part != "0":
                values[name] = part
            if values.get(name) != part:
                return False
        elif part != expected:
            return False
    return True


def _filled(template: Template, values: dict[str, str]) -> str:
    """What took no statement took no time."""
    return "".join(
        values.get(part.name, "0.0") if isinstance(part, Hole) else part
        for part in template
    )


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def tokens_of(text: str) -> list[str]:
    return TOKEN.findall(text)
