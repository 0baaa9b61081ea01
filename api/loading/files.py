"""Loads of files, CSV or Avro, read from a stream as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO, Protocol

from api.contract import Table
from api.intake import Block, CsvFile, Limits, Remembered, Said, read_avro, read_csv
from api.loading.read_ahead import read_ahead
from api.loading.tally import Tally
from api.loading.terms import Receipt, Report, Terms, receipt_of
from api.warehouse.ledger import Arrival, Load
from api.warehouse.load_in_progress import LoadInProgress
from api.warehouse.raw_store import RawStore
from api.wording.untrusted_text import file_label

BLOCKS_AHEAD = 4


class _File(Protocol):
    """A file as blocks of judged rows, iterated over once; `sha256` known at its end.

    `header` is the file's own, if it has one, `header_cells` as it stands there, and
    `reading` how it was read. One that `may_be_empty` says by itself that it holds no
    rows; of others an absence of rows is taken for a mistake.
    """

    source: str
    sha256: str
    header: tuple[str, ...] | None
    header_cells: tuple[str, ...]
    reading: Any
    said: Said
    may_be_empty: bool

    def __iter__(self) -> Iterator[Block]: ...


def load_csv(
    store: RawStore,
    table: Table,
    stream: BinaryIO,
    file_name: str | None = None,
    terms: Terms | None = None,
) -> Receipt:
    """Load a CSV file or a sheet of a workbook, packed or not.

    Raises UnreadableFile, Unusable or TooLarge, and then nothing of it is stored.
    """
    terms = terms or Terms()
    remembered = store.readings.of_table(table.name)
    file = _csv(table, stream, terms, remembered)
    return _load(store, table, file, file_name, terms)


def load_avro(
    store: RawStore,
    table: Table,
    stream: BinaryIO,
    file_name: str | None = None,
    terms: Terms | None = None,
) -> Receipt:
    """Load an Avro file; raises as `load_csv` does."""
    terms = terms or Terms()
    file = read_avro(table, stream, terms.limits)
    return _load(store, table, file, file_name, terms)


def check_csv(
    table: Table,
    stream: BinaryIO,
    terms: Terms | None = None,
    remembered: Remembered = (),
) -> Report:
    """Judge a CSV file as `load_csv` would, and store nothing."""
    terms = terms or Terms()
    return _check(table, _csv(table, stream, terms, remembered), terms.strict)


def check_avro(
    table: Table, stream: BinaryIO, strict: bool = False, limits: Limits | None = None
) -> Report:
    """Judge an Avro file as `load_avro` would, and store nothing."""
    return _check(table, read_avro(table, stream, limits), strict)


def _csv(
    table: Table, stream: BinaryIO, terms: Terms, remembered: Remembered
) -> CsvFile:
    return read_csv(
        table, stream, limits=terms.limits, said=terms.said, remembered=remembered
    )


def _load(
    store: RawStore, table: Table, file: _File, file_name: str | None, terms: Terms
) -> Receipt:
    with store.loading(table, terms.mode, terms.by) as pending:
        tally = Tally(table, terms.strict)
        # One block is checked while the one before is stored.
        with closing(read_ahead(file, BLOCKS_AHEAD)) as blocks:
            for block in blocks:
                pending.append(block.rows)
                pending.reject(block.rejects)
                tally.take(block)
        tally.refuse_what_breaks_terms()
        same = pending.same_file(file.sha256, file.reading)
        if same is None:
            _require_a_row(tally, file)
            arrival = Arrival(
                source=file.source,
                loaded=tally.loaded,
                rejected=tally.rejected,
                file_name=file_label(file_name),
                sha256=file.sha256,
                header=file.header,
                reading=file.reading,
            )
            load = pending.finish(arrival)
            _remember(pending, file, terms, load)
            return Receipt(load, tally.shown)
        pending.abandon()
        _remember(pending, file, terms, same)
    return receipt_of(store, same, already=True)


def _remember(pending: LoadInProgress, file: _File, terms: Terms, load: Load) -> None:
    if terms.remember and file.header_cells:
        pending.remember_reading(file.header_cells, file.said)
    pending.remember(terms.keyed, load)


def _check(table: Table, file: _File, strict: bool) -> Report:
    tally = Tally(table, strict)
    for block in file:
        tally.take(block)
    tally.refuse_what_breaks_terms()
    _require_a_row(tally, file)
    return Report(
        received=tally.received,
        loaded=tally.loaded,
        rejected=tally.rejected,
        has_header=file.header is not None,
        reading=file.reading,
        rejects=tally.shown,
        preview=tally.preview,
    )


def _require_a_row(tally: Tally, file: _File) -> None:
    if tally.received or not file.may_be_empty:
        tally.require_a_row()
