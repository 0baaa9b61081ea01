"""The counts of a load in progress, and its first rows and rejects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from api.contract import Table
from api.errors import NoUsableRow, RowsRejected
from api.intake import Block, Reject
from api.wording import count, cut, verb

REJECTS_SHOWN = 20
RAW_SHOWN = 1000  # characters; the rejects file has every row in full


class LoadCounts:
    """Counts the rows of blocks; raises if the counts do not allow the load."""

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
        """The first rows as JSON values, long texts cut."""
        return [
            {n: self._json_value(n, v) for n, v in row.items()} for row in self._preview
        ]

    def take(self, block: Block) -> None:
        self.loaded += block.rows.num_rows
        self.rejected += len(block.rejects)
        room = REJECTS_SHOWN - len(self.shown)
        self.shown += [_document(reject) for reject in block.rejects[:room]]
        room = REJECTS_SHOWN - len(self._preview)
        self._preview += block.rows.slice(0, room).to_pylist() if room else []

    def raise_if_empty(self) -> None:
        if self.loaded == 0:
            rows, every = count(self.rejected, "row"), verb(self.rejected, "", "All ")
            raise NoUsableRow(
                f"{every}{rows} {verb(self.rejected, 'was', 'were')} rejected, so"
                " nothing was stored. Each of `errors` says what to mend.",
                **self._extra(),
            )

    def raise_if_strict(self) -> None:
        if self._strict and self.rejected:
            raise RowsRejected(
                f"{self.rejected:,} of {count(self.received, 'row')}"
                f" {verb(self.rejected, 'was', 'were')} rejected, and all or"
                " nothing was asked for, so nothing was stored. Each of `errors` says"
                " what to mend.",
                **self._extra(),
            )

    def _json_value(self, name: str, value: Any) -> Any:
        if name in self._booleans and value is not None:
            return bool(value)
        return cut(value, RAW_SHOWN) if isinstance(value, str) else value

    def _extra(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "rejected": self.rejected,
            "errors": [error for row in self.shown for error in row["errors"]],
        }


def reject_document(
    line: int, raw: str, defects: Iterable[dict[str, Any]], **_: Any
) -> dict[str, Any]:
    """A reject in JSON: its first defect at the top level, all of them in `errors`.

    Only the beginning of a long row: a listing of thousands has to stay small.
    """
    errors = [{"line": line, **defect} for defect in defects]
    return {**errors[0], "raw": cut(raw, RAW_SHOWN), "errors": errors}


def _document(reject: Reject) -> dict[str, Any]:
    return reject_document(reject.line, reject.raw, map(asdict, reject.defects))
