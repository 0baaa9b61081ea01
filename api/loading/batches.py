"""Loads of JSON rows, up to a thousand at a time."""

from __future__ import annotations

from collections.abc import Sequence

from api.contract import Table
from api.errors import BatchSize
from api.intake import BATCH_ROWS, Block, read_batch
from api.loading.tally import Tally
from api.loading.terms import Receipt, Report, Terms
from api.warehouse.ledger import Arrival
from api.warehouse.raw_store import RawStore
from api.wording.counts import count


def load_batch(
    store: RawStore, table: Table, rows: Sequence[object], terms: Terms | None = None
) -> Receipt:
    """Load 1 to 1000 rows as JSON gave them; raises Unusable."""
    terms = terms or Terms()
    block, tally = _judged(table, rows, terms.strict)
    with store.loading(table, terms.mode, terms.by) as pending:
        pending.append(block.rows)
        pending.reject(block.rejects)
        load = pending.finish(Arrival("batch", tally.loaded, tally.rejected))
        pending.remember(terms.keyed, load)
    return Receipt(load, tally.shown)


def check_batch(table: Table, rows: Sequence[object], strict: bool = False) -> Report:
    """Judge a batch as `load_batch` would, and store nothing."""
    _, tally = _judged(table, rows, strict)
    return Report(
        received=tally.received,
        loaded=tally.loaded,
        rejected=tally.rejected,
        has_header=False,
        reading=None,
        rejects=tally.shown,
        preview=tally.preview,
    )


def _judged(table: Table, rows: Sequence[object], strict: bool) -> tuple[Block, Tally]:
    if not 1 <= len(rows) <= BATCH_ROWS:
        raise BatchSize(
            f"The batch has {count(len(rows), 'row')}. Send 1 to {BATCH_ROWS} rows"
            " at a time; for more, POST a file to /upload_csv."
        )
    tally = Tally(table, strict)
    block = read_batch(table, rows)
    tally.take(block)
    tally.refuse_what_breaks_terms()
    tally.require_a_row()
    return block, tally
