"""Loads of JSON rows, up to a thousand at a time."""

from __future__ import annotations

from collections.abc import Sequence

from api.contract import Table
from api.errors import BatchSize
from api.intake import BATCH_ROWS, Block, read_batch
from api.loading.counts import LoadCounts
from api.loading.options import (
    DEFAULTS,
    DryRunReport,
    LoadOptions,
    Receipt,
    report_of,
)
from api.warehouse.ledger import LoadSummary
from api.warehouse.raw_store import RawStore
from api.wording import count


def load_batch(
    store: RawStore,
    table: Table,
    rows: Sequence[object],
    options: LoadOptions = DEFAULTS,
) -> Receipt:
    """Load 1 to 1000 rows from JSON; raises Unusable."""
    block, counts = _validated(table, rows, options.strict)
    with store.loading(table, options.mode, options.by) as pending:
        pending.append(block.rows)
        pending.reject(block.rejects)
        load = pending.finish(LoadSummary("batch", counts.loaded, counts.rejected))
        pending.remember(options.keyed, load)
    return Receipt(load, counts.shown)


def check_batch(
    table: Table, rows: Sequence[object], strict: bool = False
) -> DryRunReport:
    """Check a batch as `load_batch` does, and store nothing."""
    _, counts = _validated(table, rows, strict)
    return report_of(counts)


def _validated(
    table: Table, rows: Sequence[object], strict: bool
) -> tuple[Block, LoadCounts]:
    if not 1 <= len(rows) <= BATCH_ROWS:
        raise BatchSize(
            f"The batch has {count(len(rows), 'row')}. Send 1 to {BATCH_ROWS} rows"
            " at a time; for more, POST a file to /upload_csv."
        )
    counts = LoadCounts(table, strict)
    block = read_batch(table, rows)
    counts.take(block)
    counts.raise_if_strict()
    counts.raise_if_empty()
    return block, counts
