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
    """A comparison of a column; with `eq` it may equal any of the values."""

    column: str
    operator: OperatorName
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Position:
    """The row that a page continues after: its values in the query's order.

    `equals` counts the rows up to it that equal it, itself included.
    """

    values: tuple[Value | None, ...]
    equals: int = 1


@dataclass(frozen=True)
class Query:
    """Rows of one mart.

    `columns` are those of the answer; `pinned` those that a parameter holds to one
    value; `panel` is the column of the first parameter that pins nothing. `order` names
    every column of the mart, "-" before a descending one, so that no two different rows
    tie.
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
        """A digest of everything that decides the answer."""
        after = (self.after.values, self.after.equals) if self.after else None
        return _digest([self.columns, self._rows(), self.limit, after])

    @property
    def rows_digest(self) -> str:
        """A digest of the filters and the order, which a cursor belongs to."""
        return _digest(self._rows())

    def _rows(self) -> list[object]:
        conditions = [(c.column, c.operator, c.values) for c in self.conditions]
        return [conditions, self.order]


def column_of(term: str) -> str:
    """The column of a term of the order."""
    return term.removeprefix("-")


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
