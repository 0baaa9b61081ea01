"""What a load is asked for with, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.config import Settings
from api.contract import Contract, Table
from api.errors import UnknownTable
from api.intake import Limits, Said
from api.loading.counts import REJECTS_SHOWN, reject_document
from api.warehouse.ledger import Load
from api.warehouse.provenance import NOBODY, Provenance
from api.warehouse.raw_store import RawStore
from api.warehouse.requests import KeyedRequest
from api.wording import did_you_mean


@dataclass(frozen=True)
class Receipt:
    """What became of a request; `already` means that it was so before."""

    load: Load
    rejects: list[dict[str, Any]]
    already: bool = False


@dataclass(frozen=True)
class LoadOptions:
    """On which terms rows are loaded.

    With the mode "replace" the rows are the whole table. `strict` is all or nothing:
    one reject refuses the load. `keyed` is the request as its sender will repeat it, to
    be remembered with the load, `by` who sent it. `said` is how a file is to be read,
    which holds for the next one under its header, too, if it is to `remember`.
    """

    mode: str = "append"
    strict: bool = False
    keyed: KeyedRequest | None = None
    by: Provenance = NOBODY
    limits: Limits = Limits()
    said: Said = Said()
    remember: bool = False


def limits_of(settings: Settings) -> Limits:
    """How much one file may hold."""
    return Limits(settings.max_upload_bytes, settings.max_upload_rows)


@dataclass(frozen=True)
class Report:
    """What a load would come to; `preview` are its first rows as they would be kept,
    but for what is left out of long texts."""

    received: int
    loaded: int
    rejected: int
    has_header: bool
    reading: Any
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


def receipt_of(store: RawStore, load: Load, already: bool = False) -> Receipt:
    """The receipt of a load that is in the ledger."""
    shown = store.rejects(load.load_id, REJECTS_SHOWN)
    return Receipt(load, [reject_document(**row) for row in shown], already)
