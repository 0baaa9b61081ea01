"""Counts of a load under way, and the first of its rows and rejects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from api.contract import Table
from api.errors import NoUsableRow, RowsRejected
from api.intake import Block, Reject
from api.wording import count, cut, verb

REJECTS_SHOWN = 20
RAW_SHOWN = 1000  # characters; the file of the rejects has every row as a whole


class LoadCounts:
    """Counts the blocks that it is shown; refuses what breaks the terms of a load."""

    def __init__(self, table: Table, strict: bool) -> None:
        self.loaded = 0
        self.rejected = 0
        self.shown: list[dict[str, Any]] = []
        self._booleans = [c.name for c in table.columns if c.data_type == "boolean"]
        self._strict = strict
        self._preview: list[dict[str, Any]] = []

    @property
    def received(self) -> int:
        return self.loaded + self.rejected

    @property
    def preview(self) -> list[dict[str, Any]]:
        """The first rows as JSON tells them, long texts cut."""
        return [{n: self._told(n, v) for n, v in row.items()} for row in self._preview]

    def take(self, block: Block) -> None:
        self.loaded += block.rows.num_rows
        self.rejected += len(block.rejects)
        room = REJECTS_SHOWN - len(self.shown)
        self.shown += [_document(reject) for reject in block.rejects[:room]]
        room = REJECTS_SHOWN - len(self._preview)
        self._preview += block.rows.slice(0, room).to_pylist() if room else []

    def require_a_row(self) -> None:
        if self.loaded == 0:
            rows, every = count(self.rejected, "row"), verb(self.rejected, "", "All ")
            raise NoUsableRow(
                f"{every}{rows} {verb(self.rejected, 'was', 'were')} rejected, so"
                " nothing was stored. Each of `errors` says what to mend.",
                **self._refused(),
            )

    def refuse_what_breaks_terms(self) -> None:
        if self._strict and self.rejected:
            raise RowsRejected(
                f"{self.rejected:,} of {count(self.received, 'row')}"
                f" {verb(self.rejected, 'was', 'were')} rejected, and all or"
                " nothing was asked for, so nothing was stored. Each of `errors` says"
                " what to mend.",
                **self._refused(),
            )

    def _told(self, name: str, value: Any) -> Any:
        if name in self._booleans and value is not None:
            return bool(value)
        return cut(value, RAW_SHOWN) if isinstance(value, str) else value

    def _refused(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "rejected": self.rejected,
            "errors": [error for row in self.shown for error in row["errors"]],
        }


def reject_document(
    line: int, raw: str, defects: Iterable[dict[str, Any]], **_: Any
) -> dict[str, Any]:
    """A reject as it is told: its first defect in the open, all of them in `errors`.

    Of a long row only the beginning: a listing of thousands has to stay small.
    """
    errors = [{"line": line, **defect} for defect in defects]
    return {**errors[0], "raw": cut(raw, RAW_SHOWN), "errors": errors}


def _document(reject: Reject) -> dict[str, Any]:
    return reject_document(reject.line, reject.raw, map(asdict, reject.defects))
