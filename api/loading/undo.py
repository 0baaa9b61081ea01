"""Taking a load out, and bringing it back."""

from __future__ import annotations

from api.loading.options import LoadOptions, Receipt
from api.warehouse.raw_store import RawStore


def undo(store: RawStore, load_id: int, options: LoadOptions | None = None) -> Receipt:
    """Take a load out, or bring back the one that an undo took out.

    Raises UnknownLoad.
    """
    options = options or LoadOptions()
    entry, already = store.undo(load_id, options.by, options.keyed)
    return Receipt(entry, [], already)
