"""A backup in Avro as blocks of checked rows, by the same rules as any other upload.

fastavro splits the file into records, `batch` checks them; this module bounds memory.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain, islice
from typing import Any, BinaryIO, cast

import fastavro
from fastavro.io.binary_decoder import BinaryDecoder
from fastavro.read import BLOCK_READERS
from fastavro.schema import SchemaParseException

from api.contract import Table
from api.errors import NotAvro
from api.intake.batch import validate_rows
from api.intake.keys import SeenKeys
from api.intake.options import Limits, Said
from api.intake.rows import Block

RECORDS_AT_ONCE = 10_000
MOST_BLOCK_BYTES = 64 << 20
# The metadata key under which our own backups have their number of rows.
ROWS = "hiring.rows"
# What fastavro raises for invalid bytes.
DECODE_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    SchemaParseException,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class AvroFile:
    """Checks the records of an Avro file while reading it, once.

    `sha256` (hex) is set after the last block. Iterating raises NotAvro.
    """

    source = "avro"
    may_be_empty = True

    def __init__(
        self, table: Table, stream: BinaryIO, limits: Limits | None = None
    ) -> None:
        self.sha256 = ""
        self.header: tuple[str, ...] | None = None
        self.header_cells: tuple[str, ...] = ()
        self.reading = None
        self.said = Said()
        self._table = table
        self._stream = _Hashed(stream)
        self._limits = limits or Limits()
        self._declared_rows: str | None = None

    def __iter__(self) -> Iterator[Block]:
        seen = SeenKeys(self._table)
        first = 1
        records = self._records()
        while rows := self._next_rows(records):
            yield validate_rows(self._table, rows, seen, first)
            first += len(rows)
            self._limits.check_rows(first - 1)
        self._check_complete(first - 1)
        self.sha256 = self._stream.sha256

    def _records(self) -> Iterator[object]:
        blocks = fastavro.block_reader(cast(BinaryIO, self._stream))
        self._declared_rows = blocks.metadata.get(ROWS)
        yield from chain.from_iterable(blocks)

    def _check_complete(self, rows: int) -> None:
        """Raise NotAvro if whole blocks are missing at the end, which Avro allows."""
        if self._declared_rows not in (None, str(rows)):
            raise NotAvro(
                f"The file holds {rows} of its {self._declared_rows} rows: it was cut"
                " short. Send it again, as GET /tables/NAME/backup gave it."
            )

    @staticmethod
    def _next_rows(records: Iterator[Any]) -> list[object]:
        try:
            return [_row(record) for record in islice(records, RECORDS_AT_ONCE)]
        except DECODE_ERRORS as error:
            raise NotAvro(
                f"The file cannot be read as Avro ({error or type(error).__name__}). It"
                " may have been cut short: send it again, as GET /tables/NAME/backup"
                " gave it."
            ) from error


class _Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int) -> bytes:
        if size > MOST_BLOCK_BYTES:
            raise ValueError(f"a part of {size} bytes")
        chunk = self._stream.read(size)
        self._hash.update(chunk)
        return chunk

    def tell(self) -> int:
        return self._stream.tell()


def _row(record: object) -> object:
    """A record as a JSON batch would have it."""
    if not isinstance(record, dict):
        return record
    return {name: _value(value) for name, value in record.items()}


def _value(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return value


def _block(unpack: Callable[[bytes], bytes]) -> Callable[[Any], io.BytesIO]:
    def read(stream: Any) -> io.BytesIO:
        decoder: Any = BinaryDecoder
        size = decoder(stream).read_long()
        if not 0 <= size <= MOST_BLOCK_BYTES:
            raise ValueError(f"a block of {size} bytes")
        return io.BytesIO(unpack(stream.read(size)))

    return read


def _inflate(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    content = unpacking.decompress(packed, MOST_BLOCK_BYTES)
    if unpacking.unconsumed_tail:
        raise ValueError(f"a block of more than {MOST_BLOCK_BYTES} bytes, unpacked")
    return content


# Replace fastavro's own readers, which allocate as much memory as the file demands.
BLOCK_READERS.clear()
BLOCK_READERS.update(null=_block(lambda content: content), deflate=_block(_inflate))
