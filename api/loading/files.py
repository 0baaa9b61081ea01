"""Loads of files, CSV or Avro, which are streamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO, Protocol

from api.contract import Table
from api.intake import AvroFile, Block, CsvFile, Limits, Remembered, Said
from api.loading.counts import LoadCounts
from api.loading.options import (
    DEFAULTS,
    DryRunReport,
    LoadOptions,
    Receipt,
    receipt_of,
    report_of,
)
from api.loading.read_ahead import read_ahead
from api.warehouse.ledger import Load, LoadSummary
from api.warehouse.pending_load import PendingLoad
from api.warehouse.raw_store import RawStore
from api.wording import file_label

BLOCKS_AHEAD = 4


class _File(Protocol):
    """A file as blocks of checked rows, iterated over once; `sha256` is set at its end.

    `header` has the columns of the file's header, if there is one, `header_cells` its
    text, and `reading` how the file was read. A file that `may_be_empty` is valid
    without rows; for others this is an error.
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
    options: LoadOptions = DEFAULTS,
) -> Receipt:
    """Load a CSV file or a sheet of a workbook, packed or not.

    Raises UnreadableFile, Unusable or TooLarge, and then stores nothing.
    """
    remembered = store.readings.of_table(table.name)
    file = _csv_file(table, stream, options, remembered)
    return _load(store, table, file, file_name, options)


def load_avro(
    store: RawStore,
    table: Table,
    stream: BinaryIO,
    file_name: str | None = None,
    options: LoadOptions = DEFAULTS,
) -> Receipt:
    """Load an Avro file; raises as `load_csv` does."""
    file = AvroFile(table, stream, options.limits)
    return _load(store, table, file, file_name, options)


def check_csv(
    table: Table,
    stream: BinaryIO,
    options: LoadOptions = DEFAULTS,
    remembered: Remembered = (),
) -> DryRunReport:
    """Check a CSV file as `load_csv` does, and store nothing."""
    return _check(table, _csv_file(table, stream, options, remembered), options.strict)


def check_avro(
    table: Table, stream: BinaryIO, strict: bool = False, limits: Limits | None = None
) -> DryRunReport:
    """Check an Avro file as `load_avro` does, and store nothing."""
    return _check(table, AvroFile(table, stream, limits), strict)


def _csv_file(
    table: Table, stream: BinaryIO, options: LoadOptions, remembered: Remembered
) -> CsvFile:
    return CsvFile(
        table, stream, limits=options.limits, said=options.said, remembered=remembered
    )


def _load(
    store: RawStore,
    table: Table,
    file: _File,
    file_name: str | None,
    options: LoadOptions,
) -> Receipt:
    with store.loading(table, options.mode, options.by) as pending:
        counts = LoadCounts(table, options.strict)
        # One block is checked while the previous one is stored.
        with closing(read_ahead(file, BLOCKS_AHEAD)) as blocks:
            for block in blocks:
                pending.append(block.rows)
                pending.reject(block.rejects)
                counts.take(block)
        counts.raise_if_strict()
        same = pending.same_file(file.sha256, file.reading)
        if same is None:
            _raise_if_empty(counts, file)
            summary = LoadSummary(
                source=file.source,
                loaded=counts.loaded,
                rejected=counts.rejected,
                file_name=file_label(file_name),
                sha256=file.sha256,
                header=file.header,
                reading=file.reading,
            )
            load = pending.finish(summary)
            _remember(pending, file, options, load)
            return Receipt(load, counts.shown)
        pending.abandon()
        _remember(pending, file, options, same)
    return receipt_of(store, same, already=True)


def _remember(
    pending: PendingLoad, file: _File, options: LoadOptions, load: Load
) -> None:
    if options.remember and file.header_cells:
        pending.remember_reading(file.header_cells, file.said)
    pending.remember(options.keyed, load)


def _check(table: Table, file: _File, strict: bool) -> DryRunReport:
    counts = LoadCounts(table, strict)
    for block in file:
        counts.take(block)
    counts.raise_if_strict()
    _raise_if_empty(counts, file)
    return report_of(counts, file.header is not None, file.reading)


def _raise_if_empty(counts: LoadCounts, file: _File) -> None:
    if counts.received or not file.may_be_empty:
        counts.raise_if_empty()
