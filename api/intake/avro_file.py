"""A backup in Avro as blocks of judged rows: by the very rules of every other door.

Splitting into records is fastavro's, judging `batch`'s; what is bounded here is memory.
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

from api.contract.model import Table
from api.errors import NotAvro
from api.intake.batch import judge_rows
from api.intake.keys import SeenKeys
from api.intake.limits import Limits
from api.intake.rows import Block
from api.intake.said import Said

RECORDS_AT_ONCE = 10_000
MOST_BLOCK_BYTES = 64 << 20
# Where our own backups say how many rows they hold.
ROWS = "hiring.rows"
# What fastavro raises over bytes that are not as they ought to be.
DAMAGE = (
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
    """Judges the records of an Avro file while it is read, once.

    `sha256` (hex) is known after the last block. Iterating raises NotAvro.
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
        self._promised: str | None = None

    def __iter__(self) -> Iterator[Block]:
        seen = SeenKeys(self._table)
        first = 1
        records = self._records()
        while rows := self._some(records):
            yield judge_rows(self._table, rows, seen, first)
            first += len(rows)
            self._limits.refuse_more_rows(first - 1)
        self._refuse_cut(first - 1)
        self.sha256 = self._stream.sha256

    def _records(self) -> Iterator[object]:
        blocks = fastavro.block_reader(cast(BinaryIO, self._stream))
        self._promised = blocks.metadata.get(ROWS)
        yield from chain.from_iterable(blocks)

    def _refuse_cut(self, rows: int) -> None:
        """Avro itself does not tell that whole blocks are missing at the end."""
        if self._promised not in (None, str(rows)):
            raise NotAvro(
                f"The file holds {rows} of its {self._promised} rows: it was cut short."
                " Send it again, as GET /tables/NAME/backup gave it."
            )

    @staticmethod
    def _some(records: Iterator[Any]) -> list[object]:
        try:
            return [_row(record) for record in islice(records, RECORDS_AT_ONCE)]
        except DAMAGE as error:
            raise NotAvro(
                f"The file cannot be read as Avro ({error or type(error).__name__}). It"
                " may have been cut short: send it again, as GET /tables/NAME/backup"
                " gave it."
            ) from error


def read_avro(table: Table, stream: BinaryIO, limits: Limits | None = None) -> AvroFile:
    """The Avro file in `stream`, to be iterated over once."""
    return AvroFile(table, stream, limits)


class _Hashed:
    """A stream that is hashed while it is read."""

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
    """A record as JSON could have said it."""
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


# In place of its own readers, which take as much memory as a file makes them.
BLOCK_READERS.clear()
BLOCK_READERS.update(null=_block(lambda content: content), deflate=_block(_inflate))
