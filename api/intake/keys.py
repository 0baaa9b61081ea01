"""The primary keys that a file or batch has used so far, in little memory.

Only rows without other defects count: a reject uses no key.
"""

from __future__ import annotations

import hashlib
from array import array

import pyarrow as pa
from pyroaring import BitMap64

from api.contract import Table
from api.intake.rows import Defect
from api.wording import quoted

LONG_KEY = 60  # characters


class SeenKeys:
    """Remembers primary keys: a compressed bitmap for one integer, a set otherwise."""

    def __init__(self, table: Table) -> None:
        self._names = table.primary_key
        by_name = {column.name: column for column in table.columns}
        types = [by_name[name].data_type for name in self._names]
        self._is_integer = types == ["integer"]
        self._bitmap = BitMap64()
        self._set: set[tuple[object, ...]] = set()

    def repeated(self, rows: pa.RecordBatch) -> dict[int, Defect]:
        """The rows whose key an earlier row has, by position; adds all other keys."""
        if not self._names or not rows.num_rows:
            return {}
        if self._is_integer:
            keys = rows.column(self._names[0])
            return {} if self._add_all_new(keys) else self._repeated_integers(keys)
        return self._repeated_tuples([rows.column(name) for name in self._names])

    def _add_all_new(self, keys: pa.Array) -> bool:
        """Add a whole block of keys at once, unless one of them is repeated."""
        if keys.null_count:
            return False
        block = BitMap64(_unsigned(keys))
        if len(block) < len(keys) or not block.isdisjoint(self._bitmap):
            return False
        self._bitmap |= block
        return True

    def _repeated_integers(self, keys: pa.Array) -> dict[int, Defect]:
        repeated: dict[int, Defect] = {}
        for row, key in enumerate(keys.to_pylist()):
            if key is None:
                continue
            unsigned = key % 2**64
            if unsigned in self._bitmap:
                repeated[row] = self._defect((key,))
            self._bitmap.add(unsigned)
        return repeated

    def _repeated_tuples(self, columns: list[pa.Array]) -> dict[int, Defect]:
        repeated: dict[int, Defect] = {}
        parts = (column.to_pylist() for column in columns)
        for row, key in enumerate(zip(*parts, strict=True)):
            # As in SQL, a key with a null part equals no other.
            if None in key:
                continue
            known = tuple(map(_bounded, key))
            if known in self._set:
                repeated[row] = self._defect(key)
            self._set.add(known)
        return repeated

    def _defect(self, key: tuple[object, ...]) -> Defect:
        shown = ", ".join(
            quoted(part) if isinstance(part, str) else str(part) for part in key
        )
        message = (
            f"{', '.join(self._names)} {shown} is already used by an earlier row; "
            "keep one of the two"
        )
        return Defect(",".join(self._names), "repeated_id", message)


def _bounded(part: object) -> object:
    """The digest of a long text, so that megabyte keys do not fill memory."""
    if isinstance(part, str) and len(part) > LONG_KEY:
        return hashlib.sha256(part.encode()).digest()
    return part


def _unsigned(keys: pa.Array) -> array[int]:
    """The int64 values as unsigned ones; negative values wrap around."""
    first = 8 * keys.offset
    numbers = array("Q")
    numbers.frombytes(memoryview(keys.buffers()[1])[first : first + 8 * len(keys)])
    return numbers
