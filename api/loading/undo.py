"""Undo a load, or undo its undo."""

from __future__ import annotations

from api.loading.options import LoadOptions, Receipt
from api.warehouse.raw_store import RawStore


def undo(store: RawStore, load_id: int, options: LoadOptions) -> Receipt:
    """Undo a load, or restore the load that an undo took out; raises UnknownLoad."""
    entry, already = store.undo(load_id, options.by, options.keyed)
    return Receipt(entry, [], already)
