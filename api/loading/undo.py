"""Taking a load out, and bringing it back."""

from __future__ import annotations

from api.loading.terms import Receipt, Terms
from api.warehouse.raw_store import RawStore


def undo(store: RawStore, load_id: int, terms: Terms | None = None) -> Receipt:
    """Take a load out, or bring back the one that an undo took out.

    Raises UnknownLoad.
    """
    terms = terms or Terms()
    entry, already = store.undo(load_id, terms.by, terms.keyed)
    return Receipt(entry, [], already)
