"""Reading stored rows: how many values, and which rows are the newest.

Only the keys of a table are held in memory; rows are read in batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.intake.validator import schema
from api.warehouse.engines.spark.storage.loads import TableFiles
from api.warehouse.schema import ROW_KEY

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Contents:
    """How many rows there are, and how many values each stored column has."""

    rows: int
    values: dict[str, int]


def contents(files: TableFiles, load_ids: Iterable[int]) -> Contents:
    """Statistics of the files of some loads; only the end of each is read."""
    rows = 0
    values: Counter[str] = Counter()
    for load_id in load_ids:
        with files.parquet(load_id) as parquet:
            rows += parquet.metadata.num_rows
            values.update(_values(parquet.metadata))
    values.pop(ROW_KEY, None)
    return Contents(rows, dict(values))


def newest_rows(
    files: TableFiles, load_ids: Sequence[int]
) -> tuple[int, Iterator[pa.Table]]:
    """The newest row of each key among the loads that count: how many, and batches.

    In the order of their loads, with the table's columns as intake returns them and the
    key of each row.
    """
    keys = list(files.table.primary_key)
    known = [_columns(files, load_id, [*keys, ROW_KEY]) for load_id in load_ids]
    if not known:
        return 0, iter(())
    by_key = pa.concat_tables(known).group_by(keys, use_threads=False)
    newest = by_key.aggregate([(ROW_KEY, "max")]).column(f"{ROW_KEY}_max")
    newest = newest.combine_chunks().sort()
    return len(newest), _rows(files, sorted(load_ids), newest)


def without_columns(files: TableFiles, load_id: int, names: Iterable[str]) -> None:
    """Rewrite a load's file without columns in which it has no value.

    So such a column can be declared again with another type.
    """
    with files.parquet(load_id) as parquet:
        kept = [name for name in parquet.schema_arrow.names if name not in set(names)]
        schema = pa.schema([parquet.schema_arrow.field(name) for name in kept])
        with (
            files.storage.writing(files.file(load_id)) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd") as writer,
        ):
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=kept):
                writer.write_batch(batch)


def _rows(
    files: TableFiles, load_ids: Sequence[int], newest: pa.Array
) -> Iterator[pa.Table]:
    """The rows with these keys; rows and keys both ascend, so one pass finds them."""
    found = 0
    for load_id in load_ids:
        with files.parquet(load_id) as parquet:
            for batch in parquet.iter_batches(ROWS_AT_ONCE):
                next_ones = newest.slice(found, batch.num_rows)
                mask = pc.is_in(batch.column(ROW_KEY), value_set=next_ones)
                rows = batch.filter(mask)
                found += rows.num_rows
                if rows.num_rows:
                    yield _as_declared(files, rows)


def _columns(files: TableFiles, load_id: int, names: Sequence[str]) -> pa.Table:
    with files.parquet(load_id) as parquet:
        return parquet.read(columns=list(names))


def _as_declared(files: TableFiles, batch: pa.RecordBatch) -> pa.Table:
    """A batch with the columns of the contract; missing ones are null."""
    fields = [*schema(files.table), pa.field(ROW_KEY, pa.int64())]
    stored = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in stored
        else pa.nulls(batch.num_rows, field.type)
        for field in fields
    ]
    return pa.table(columns, schema=pa.schema(fields))


def _values(metadata: pq.FileMetaData) -> Counter[str]:
    """The number of values that are not null, by column, from the statistics."""
    found: Counter[str] = Counter()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            # Without statistics, every row is taken to have a value.
            counted = column.statistics
            empty = counted.null_count if counted and counted.has_null_count else 0
            found[column.path_in_schema] += group.num_rows - empty
    return found
