"""The options of a load, and its results: a receipt, or the report of a dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.config import Settings
from api.contract import Contract, Table
from api.errors import UnknownTable
from api.intake import Limits, Said
from api.loading.counts import REJECTS_SHOWN, LoadCounts, reject_document
from api.warehouse.ledger import Load
from api.warehouse.provenance import NOBODY, Provenance
from api.warehouse.raw_store import RawStore
from api.warehouse.requests import KeyedRequest
from api.wording import did_you_mean


@dataclass(frozen=True)
class Receipt:
    """The result of a request; `already` if an earlier request had the same result."""

    load: Load
    rejects: list[dict[str, Any]]
    already: bool = False


@dataclass(frozen=True)
class LoadOptions:
    """How rows are loaded.

    In the mode "replace" the rows become the whole table. With `strict` one reject
    fails the load. `keyed` is the request under its Idempotency-Key, to be stored with
    the load; `by` is its sender. `said` is how a file is to be read; with `remember`
    it applies to later files with the same header, too.
    """

    mode: str = "append"
    strict: bool = False
    keyed: KeyedRequest | None = None
    by: Provenance = NOBODY
    limits: Limits = Limits()
    said: Said = Said()
    remember: bool = False


DEFAULTS = LoadOptions()


def limits_of(settings: Settings) -> Limits:
    """The limits of one file."""
    return Limits(settings.max_upload_bytes, settings.max_upload_rows)


@dataclass(frozen=True)
class DryRunReport:
    """What a load would do; `preview` are its first rows, long texts cut."""

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


def report_of(
    counts: LoadCounts, has_header: bool = False, reading: Any = None
) -> DryRunReport:
    """The report of a dry run with these counts."""
    return DryRunReport(
        received=counts.received,
        loaded=counts.loaded,
        rejected=counts.rejected,
        has_header=has_header,
        reading=reading,
        rejects=counts.shown,
        preview=counts.preview,
    )
