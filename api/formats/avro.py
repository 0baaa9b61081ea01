"""A table's rows as an Avro file, which `intake` reads back. Pure.

Dates and timestamps have Avro's logical types, so that other tools can read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO

import pyarrow as pa
from fastavro import parse_schema
from fastavro.write import Writer

from api.contract import Column, DataType, Table
from api.contract.data_types import DATA_TYPES
from api.intake.avro_file import ROWS

MEDIA_TYPE = "application/avro"
BLOCK_BYTES = 1 << 20

EPOCH_DAY = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def schema(table: Table) -> dict[str, Any]:
    """The Avro schema of a table: a record with its columns in their order."""
    return {
        "type": "record",
        "name": table.name,
        "doc": table.description,
        "fields": [_field(column) for column in table.columns],
    }


def write_avro(
    table: Table, rows: Iterable[pa.Table], count: int, stream: BinaryIO
) -> None:
    """Write `count` rows, given in batches, in the types in which they are stored."""
    writer = Writer(
        stream,
        parse_schema(schema(table)),
        codec="deflate",
        sync_interval=BLOCK_BYTES,
        metadata={ROWS: str(count)},
    )
    for batch in rows:
        for record in _records(table, batch):
            writer.write(record)
    writer.flush()


def _field(column: Column) -> dict[str, Any]:
    kind = DATA_TYPES[column.data_type].avro
    return {
        "name": column.name,
        "doc": column.description,
        "type": kind if column.required else ["null", kind],
    }


def _records(table: Table, rows: pa.Table) -> Iterator[dict[str, Any]]:
    names = table.column_names
    columns = []
    for column in table.columns:
        values = rows.column(column.name).to_pylist()
        convert = CONVERSIONS.get(column.data_type)
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        columns.append(values)
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _epoch_days(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH_DAY).days


def _epoch_microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


CONVERSIONS: dict[DataType, Callable[[Any], Any]] = {
    "boolean": bool,
    "date": _epoch_days,
    "timestamp": _epoch_microseconds,
}
