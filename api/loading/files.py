"""Loads of files, CSV or Avro, read from a stream as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO, Protocol

from api.contract import Table
from api.intake import AvroFile, Block, CsvFile, Limits, Remembered, Said
from api.loading.counts import LoadCounts
from api.loading.options import LoadOptions, Receipt, Report, receipt_of
from api.loading.read_ahead import read_ahead
from api.warehouse.ledger import Load, LoadSummary
from api.warehouse.pending_load import PendingLoad
from api.warehouse.raw_store import RawStore
from api.wording import file_label

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
    options: LoadOptions | None = None,
) -> Receipt:
    """Load a CSV file or a sheet of a workbook, packed or not.

    Raises UnreadableFile, Unusable or TooLarge, and then nothing of it is stored.
    """
    options = options or LoadOptions()
    remembered = store.readings.of_table(table.name)
    file = _csv(table, stream, options, remembered)
    return _load(store, table, file, file_name, options)


def load_avro(
    store: RawStore,
    table: Table,
    stream: BinaryIO,
    file_name: str | None = None,
    options: LoadOptions | None = None,
) -> Receipt:
    """Load an Avro file; raises as `load_csv` does."""
    options = options or LoadOptions()
    file = AvroFile(table, stream, options.limits)
    return _load(store, table, file, file_name, options)


def check_csv(
    table: Table,
    stream: BinaryIO,
    options: LoadOptions | None = None,
    remembered: Remembered = (),
) -> Report:
    """Judge a CSV file as `load_csv` would, and store nothing."""
    options = options or LoadOptions()
    return _check(table, _csv(table, stream, options, remembered), options.strict)


def check_avro(
    table: Table, stream: BinaryIO, strict: bool = False, limits: Limits | None = None
) -> Report:
    """Judge an Avro file as `load_avro` would, and store nothing."""
    return _check(table, AvroFile(table, stream, limits), strict)


def _csv(
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
        # One block is checked while the one before is stored.
        with closing(read_ahead(file, BLOCKS_AHEAD)) as blocks:
            for block in blocks:
                pending.append(block.rows)
                pending.reject(block.rejects)
                counts.take(block)
        counts.refuse_what_breaks_terms()
        same = pending.same_file(file.sha256, file.reading)
        if same is None:
            _require_a_row(counts, file)
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


def _check(table: Table, file: _File, strict: bool) -> Report:
    counts = LoadCounts(table, strict)
    for block in file:
        counts.take(block)
    counts.refuse_what_breaks_terms()
    _require_a_row(counts, file)
    return Report(
        received=counts.received,
        loaded=counts.loaded,
        rejected=counts.rejected,
        has_header=file.header is not None,
        reading=file.reading,
        rejects=counts.shown,
        preview=counts.preview,
    )


def _require_a_row(counts: LoadCounts, file: _File) -> None:
    if counts.received or not file.may_be_empty:
        counts.require_a_row()
