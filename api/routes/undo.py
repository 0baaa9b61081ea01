"""Undoing: a load taken out as if it had never been, or brought back."""

from __future__ import annotations

from flask import Blueprint, Response

from api.loading import Receipt, Terms, undo
from api.routes.context import Context
from api.routes.reading import declared_only
from api.routes.receipts import once, sender


def routes(context: Context) -> Blueprint:
    """The route that undoes."""
    noun = Blueprint("undo", __name__)
    store = context.warehouse.raw

    @noun.delete("/loads/<number:load_id>")
    def undo_load(load_id: int) -> Response:
        declared_only()

        def turn(terms: Terms) -> Receipt:
            return undo(store, load_id, terms)

        return once(context, turn, Terms(by=sender()), lambda: str(load_id))

    return noun
