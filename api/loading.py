"""A load from its first byte to the ledger: intake and raw store, one after the other.

Both doors, HTTP and the command line, come through here; neither is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from api.contract import Contract, Table
from api.errors import BatchSize, NoUsableRow, RowsRejected, UnknownTable
from api.foreign_text import cut, file_label
from api.intake import BATCH_ROWS, Block, Limits, Reject, read_batch, read_csv
from api.provenance import NOBODY, Provenance
from api.read_ahead import read_ahead
from api.suggestion import did_you_mean
from api.warehouse import Arrival, KeyedRequest, Load, RawStore

REJECTS_SHOWN = 20
RAW_SHOWN = 1000  # characters; the file of the rejects has every row as a whole
BLOCKS_AHEAD = 4


@dataclass(frozen=True)
class Receipt:
    """What became of a request; `already` means that it was so before."""

    load: Load
    rejects: list[dict[str, Any]]
    already: bool = False


@dataclass(frozen=True)
class Terms:
    """On which terms rows are loaded.

    With the mode "replace" the rows are the whole table. `strict` is all or nothing:
    one reject refuses the load. `keyed` is the request as its sender will repeat it, to
    be remembered with the load, `by` who sent it.
    """

    mode: str = "append"
    strict: bool = False
    keyed: KeyedRequest | None = None
    by: Provenance = NOBODY
    limits: Limits = Limits()


@dataclass(frozen=True)
class Report:
    """What a load would come to; `preview` are its first rows as they would be kept,
    but for what is left out of long texts."""

    received: int
    loaded: int
    rejected: int
    has_header: bool
    rejects: list[dict[str, Any]]
    preview: list[dict[str, Any]]


def table_named(contract: Contract, name: str) -> Table:
    """The upload table of that name; raises UnknownTable."""
    table = contract.tables.get(name)
    if table is None:
        known = ", ".join(contract.tables)
        hint = did_you_mean(name, contract.tables)
        raise UnknownTable(f"There is no table {name[:60]!r}, only {known}{hint}")
    return table


def load_csv(
    store: RawStore,
    table: Table,
    stream: BinaryIO,
    file_name: str | None = None,
    terms: Terms | None = None,
) -> Receipt:
    """Load a CSV file, plain or gzip, read from `stream` as it goes.

    Raises UnreadableFile or Unusable, and then nothing of the file is stored.
    """
    terms = terms or Terms()
    with store.loading(table, terms.mode, terms.by) as pending:
        file = read_csv(table, stream, limits=terms.limits)
        tally = _Tally(table, terms.strict)
        # One block is checked while the one before is stored.
        with closing(read_ahead(file, BLOCKS_AHEAD)) as blocks:
            for block in blocks:
                pending.append(block.rows)
                pending.reject(block.rejects)
                tally.take(block)
        tally.refuse_what_breaks_terms()
        same = pending.same_file(file.sha256)
        if same is None:
            tally.require_a_row()
            header = file.columns if file.has_header else None
            load = pending.finish(
                Arrival(
                    "csv",
                    tally.loaded,
                    tally.rejected,
                    file_label(file_name),
                    file.sha256,
                    header,
                )
            )
            pending.remember(terms.keyed, load)
            return Receipt(load, tally.shown)
        pending.abandon()
        pending.remember(terms.keyed, same)
    return receipt_of(store, same, already=True)


def load_batch(
    store: RawStore, table: Table, rows: Sequence[object], terms: Terms | None = None
) -> Receipt:
    """Load 1 to 1000 rows as JSON gave them; raises Unusable."""
    terms = terms or Terms()
    block, tally = _judged_batch(table, rows, terms.strict)
    with store.loading(table, terms.mode, terms.by) as pending:
        pending.append(block.rows)
        pending.reject(block.rejects)
        load = pending.finish(Arrival("batch", tally.loaded, tally.rejected))
        pending.remember(terms.keyed, load)
    return Receipt(load, tally.shown)


def undo(store: RawStore, load_id: int, terms: Terms | None = None) -> Receipt:
    """Take a load out, or bring back the one that an undo took out.

    Raises UnknownLoad.
    """
    terms = terms or Terms()
    entry, already = store.undo(load_id, terms.by, terms.keyed)
    return Receipt(entry, [], already)


def check_csv(
    table: Table, stream: BinaryIO, strict: bool = False, limits: Limits | None = None
) -> Report:
    """Judge a CSV file as `load_csv` would, and store nothing."""
    file = read_csv(table, stream, limits=limits)
    tally = _Tally(table, strict)
    for block in file:
        tally.take(block)
    tally.refuse_what_breaks_terms()
    tally.require_a_row()
    return tally.report(file.has_header)


def check_batch(table: Table, rows: Sequence[object], strict: bool = False) -> Report:
    """Judge a batch as `load_batch` would, and store nothing."""
    _, tally = _judged_batch(table, rows, strict)
    return tally.report(has_header=False)


def receipt_of(store: RawStore, load: Load, already: bool = False) -> Receipt:
    """The receipt of a load that is in the ledger."""
    shown = store.rejects(load.load_id, REJECTS_SHOWN)
    return Receipt(load, [reject_document(**row) for row in shown], already)


def reject_document(
    line: int, raw: str, defects: Iterable[dict[str, Any]], **_: Any
) -> dict[str, Any]:
    """A reject as it is told: its first defect in the open, all of them in `errors`.

    Of a long row only the beginning: a listing of thousands has to stay small.
    """
    errors = [{"line": line, **defect} for defect in defects]
    return {**errors[0], "raw": cut(raw, RAW_SHOWN), "errors": errors}


def _judged_batch(
    table: Table, rows: Sequence[object], strict: bool
) -> tuple[Block, _Tally]:
    if not 1 <= len(rows) <= BATCH_ROWS:
        raise BatchSize(
            f"The batch has {len(rows)} rows. Send 1 to {BATCH_ROWS} rows at a time;"
            " for more, POST a file to /upload_csv."
        )
    tally = _Tally(table, strict)
    block = read_batch(table, rows)
    tally.take(block)
    tally.refuse_what_breaks_terms()
    tally.require_a_row()
    return block, tally


class _Tally:
    """Counts of a load under way, and the first of its rows and rejects."""

    def __init__(self, table: Table, strict: bool) -> None:
        self.loaded = 0
        self.rejected = 0
        self.shown: list[dict[str, Any]] = []
        self._table = table
        self._strict = strict
        self._preview: list[dict[str, Any]] = []

    def take(self, block: Block) -> None:
        self.loaded += block.rows.num_rows
        self.rejected += len(block.rejects)
        room = REJECTS_SHOWN - len(self.shown)
        self.shown += [_document(reject) for reject in block.rejects[:room]]
        room = REJECTS_SHOWN - len(self._preview)
        self._preview += block.rows.slice(0, room).to_pylist() if room else []

    def require_a_row(self) -> None:
        if self.loaded == 0:
            raise NoUsableRow(
                f"All {self.rejected} rows were rejected, so nothing was stored."
                " Each of `errors` says what to mend.",
                **self._refused(),
            )

    def refuse_what_breaks_terms(self) -> None:
        if self._strict and self.rejected:
            raise RowsRejected(
                f"{self.rejected} of {self.loaded + self.rejected} rows were rejected,"
                " and all or nothing was asked for, so nothing was stored. Each of"
                " `errors` says what to mend.",
                **self._refused(),
            )

    def report(self, has_header: bool) -> Report:
        booleans = [c.name for c in self._table.columns if c.data_type == "boolean"]
        for row in self._preview:
            row |= {n: bool(row[n]) for n in booleans if row[n] is not None}
            row |= {n: cut(v, RAW_SHOWN) for n, v in row.items() if type(v) is str}
        return Report(
            received=self.loaded + self.rejected,
            loaded=self.loaded,
            rejected=self.rejected,
            has_header=has_header,
            rejects=self.shown,
            preview=self._preview,
        )

    def _refused(self) -> dict[str, Any]:
        return {
            "received": self.loaded + self.rejected,
            "rejected": self.rejected,
            "errors": [error for row in self.shown for error in row["errors"]],
        }


def _document(reject: Reject) -> dict[str, Any]:
    return reject_document(reject.line, reject.raw, map(asdict, reject.defects))
