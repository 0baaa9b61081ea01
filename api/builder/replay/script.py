"""A build as statements with placeholders, and the answers that they have to get.

dbt's Jinja decides by the database's answers. So a replay has to get the same answers;
if one differs, the script does not fit this load and the caller rolls back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# The names of placeholders.
INVOCATION_ID, STARTED_AT, FINISHED_AT = "invocation_id", "started_at", "finished_at"
GIVEN = (INVOCATION_ID, STARTED_AT, FINISHED_AT)
SECONDS = "seconds of "

# A placeholder, a word or number with its signs, or any other character.
TOKEN = re.compile(r"\0[^\0]*\0|\w+(?:[.:+-]\w+)*|\W")


class AnswerDiffers(Exception):
    """The database returned another answer than when the script was recorded."""


@dataclass(frozen=True)
class Placeholder:
    name: str


Template = tuple[str | Placeholder, ...]


@dataclass(frozen=True)
class Cell:
    kind: type
    text: Template
    is_passed_on: bool


@dataclass(frozen=True)
class Step:
    """A statement, and the answer that it has to get."""

    sql: Template
    node: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] | None
    limit: int | None


# Sends a statement; returns the columns and, if asked for, at most so many rows.
Send = Callable[[str, bool, int | None], tuple[tuple[str, ...], list[tuple[Any, ...]]]]


class Script:
    """The steps of a build, made by `comparison`."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def replay(
        self,
        invocation_id: str,
        now: Callable[[], str],
        send: Send,
        on_node: Callable[[str], None],
    ) -> None:
        """Send the statements of a build; `on_node` is called with each new node.

        Raises AnswerDiffers, and the errors of `send`.
        """
        values = {INVOCATION_ID: invocation_id, STARTED_AT: now()}
        seconds: dict[str, float] = {}
        node = ""
        for step in self.steps:
            if step.node != node:
                on_node(node := step.node)
            began = time.monotonic()
            values[FINISHED_AT] = now()
            wants_rows = step.rows is not None
            columns, rows = send(_filled(step.sql, values), wants_rows, step.limit)
            if columns != step.columns:
                raise AnswerDiffers(f"other columns in {step.node}")
            if step.rows is not None:
                _match_rows(step, rows, values)
            seconds[node] = seconds.get(node, 0.0) + time.monotonic() - began
            values[SECONDS + node] = str(round(seconds[node], 3))


def _match_rows(
    step: Step, rows: Sequence[tuple[Any, ...]], values: dict[str, str]
) -> None:
    """Raise AnswerDiffers unless the rows match; note the values of placeholders."""
    assert step.rows is not None
    if len(rows) != len(step.rows):
        raise AnswerDiffers(f"other rows in {step.node}")
    for cells, row in zip(step.rows, rows, strict=True):
        for cell, value in zip(cells, row, strict=True):
            if type(value) is not cell.kind or not _matches(
                cell, text_of(value), values
            ):
                raise AnswerDiffers(f"another answer in {step.node}")


def _matches(cell: Cell, text: str, values: dict[str, str]) -> bool:
    parts = tokens_of(text)
    if len(parts) != len(cell.text):
        return False
    for part, expected in zip(parts, cell.text, strict=True):
        if isinstance(expected, Placeholder):
            name = expected.name
            if name not in values and cell.is_passed_on and part != "0":
                values[name] = part
            if values.get(name) != part:
                return False
        elif part != expected:
            return False
    return True


def _filled(template: Template, values: dict[str, str]) -> str:
    """The SQL; a node that sent nothing took no time."""
    return "".join(
        values.get(part.name, "0.0") if isinstance(part, Placeholder) else part
        for part in template
    )


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def tokens_of(text: str) -> list[str]:
    return TOKEN.findall(text)
