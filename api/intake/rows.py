"""The values that intake returns: blocks of accepted rows, and rejects with defects."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from api.contract.data_types import DATA_TYPES

ARROW_TYPES = {
    name: pa.type_for_alias(data_type.stored) for name, data_type in DATA_TYPES.items()
}

# Columns of the rejects file, which are ignored when it is mended and uploaded again.
LINE_COLUMN, REASONS_COLUMN = "_line", "_reasons"
OUR_COLUMNS = frozenset({LINE_COLUMN, REASONS_COLUMN})


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong with a row; `column` is None when it is the row as a whole."""

    column: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A refused row: where it starts, its raw text, and all its defects.

    `line` is the physical line of a file, or the 1-based position in a batch.
    """

    line: int
    raw: str
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some checked rows of a file or batch.

    `rows` has the table's columns in contract order: int64 for integer and boolean
    (0 or 1), float64 for real, string for the rest; a missing optional value is null.
    """

    rows: pa.RecordBatch
    rejects: tuple[Reject, ...]

    @property
    def received(self) -> int:
        return int(self.rows.num_rows) + len(self.rejects)
