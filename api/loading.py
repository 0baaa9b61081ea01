"""A load from its first byte to the ledger: intake and raw store, one after the other.

Both doors, HTTP and the command line, come through here; neither is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from api.contract import Contract, Table
from api.errors import BatchSize, NoUsableRow, UnknownTable
from api.intake import Block, Reject, read_batch, read_csv
from api.suggestion import did_you_mean
from api.warehouse import Load, LoadInProgress, RawStore

REJECTS_SHOWN = 20
BATCH_ROWS = 1000


@dataclass(frozen=True)
class Receipt:
    """What became of a request to load; `already` means that it was a load before."""

    load: Load
    rejects: list[dict[str, Any]]
    already: bool = False


def table_named(contract: Contract, name: str) -> Table:
    """The upload table of that name; raises UnknownTable."""
    table = contract.tables.get(name)
    if table is None:
        known = ", ".join(contract.tables)
        hint = did_you_mean(name, contract.tables)
        raise UnknownTable(f"There is no table {name!r}, only {known}{hint}")
    return table


def load_csv(
    store: RawStore, table: Table, stream: BinaryIO, file_name: str | None = None
) -> Receipt:
    """Load a CSV file, plain or gzip, read from `stream` as it goes.

    Raises UnreadableFile or Unusable, and then nothing of the file is stored.
    """
    with store.loading(table) as pending:
        file = read_csv(table, stream)
        tally = _Tally()
        for block in file:
            tally.take(pending, block)
        same = pending.same_file(file.sha256)
        if same is None:
            tally.require_a_row()
            load = pending.finish(
                "csv", tally.loaded, tally.rejected, file_name, file.sha256
            )
            return Receipt(load, tally.shown)
        pending.abandon()
    shown = store.rejects(same.load_id, REJECTS_SHOWN)
    return Receipt(same, [reject_document(**row) for row in shown], already=True)


def load_batch(store: RawStore, table: Table, rows: Sequence[object]) -> Receipt:
    """Load 1 to 1000 rows as JSON gave them; raises Unusable."""
    if not 1 <= len(rows) <= BATCH_ROWS:
        raise BatchSize(
            f"The batch has {len(rows)} rows. Send 1 to {BATCH_ROWS} rows at a time;"
            " for more, POST a file to /upload_csv."
        )
    block = read_batch(table, rows)
    with store.loading(table) as pending:
        tally = _Tally()
        tally.take(pending, block)
        tally.require_a_row()
        load = pending.finish("batch", tally.loaded, tally.rejected)
    return Receipt(load, tally.shown)


def reject_document(
    line: int, raw: str, defects: Iterable[dict[str, Any]], **_: Any
) -> dict[str, Any]:
    """A reject as it is told: its first defect in the open, all of them in `errors`."""
    errors = [{"line": line, **defect} for defect in defects]
    return {**errors[0], "raw": raw, "errors": errors}


class _Tally:
    """Counts of a load under way, and the rejects that its answer will show."""

    def __init__(self) -> None:
        self.loaded = 0
        self.rejected = 0
        self.shown: list[dict[str, Any]] = []

    def take(self, pending: LoadInProgress, block: Block) -> None:
        pending.append(block.rows)
        pending.reject(block.rejects)
        self.loaded += block.rows.num_rows
        self.rejected += len(block.rejects)
        room = REJECTS_SHOWN - len(self.shown)
        self.shown += [_document(reject) for reject in block.rejects[:room]]

    def require_a_row(self) -> None:
        if self.loaded == 0:
            raise NoUsableRow(
                f"All {self.rejected} rows were rejected, so nothing was stored."
                " Each of `errors` says what to mend.",
                received=self.rejected,
                rejected=self.rejected,
                errors=[error for row in self.shown for error in row["errors"]],
            )


def _document(reject: Reject) -> dict[str, Any]:
    return reject_document(reject.line, reject.raw, map(asdict, reject.defects))
