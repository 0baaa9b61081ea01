"""A query as a value. Equal queries have equal answers from the same build."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

OperatorName = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "null"]
Value = str | int | float


@dataclass(frozen=True)
class Condition:
    """A row's column compared with a value; with `eq` any of the values will do."""

    column: str
    operator: OperatorName
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Position:
    """A row to go on after: its values in the query's order, null for none.

    `equals` counts the rows before it, itself included, that are just like it.
    """

    values: tuple[Value | None, ...]
    equals: int = 1


@dataclass(frozen=True)
class Query:
    """Rows of one mart.

    `columns` are those of the answer; `pinned` those that a parameter holds to one
    value; `panel` is the column of the first parameter that pins nothing. `order` names
    every column of the mart, "-" before a falling one, so that the order of the rows
    never depends on chance.
    """

    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]
    pinned: tuple[str, ...]
    panel: str | None
    order: tuple[str, ...]
    limit: int | None = None
    after: Position | None = None

    @property
    def digest(self) -> str:
        """A name for all that decides the answer."""
        whole = [
            self.columns,
            self._rows(),
            self.limit,
            (self.after.values, self.after.equals) if self.after else None,
        ]
        return _digest(whole)

    @property
    def rows_digest(self) -> str:
        """A name for which rows are meant in which order; a cursor belongs to it."""
        return _digest(self._rows())

    def _rows(self) -> list[object]:
        conditions = [(c.column, c.operator, c.values) for c in self.conditions]
        return [conditions, self.order]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
