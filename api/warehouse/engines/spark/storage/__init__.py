"""Files where the API and every Spark worker reach them: uploaded rows, as Parquet.

`storage` is the place, `loads` the rows of each load, `reading` reads them. The ledger,
which is kept elsewhere, says what counts: a file that no entry names does not.
"""

from __future__ import annotations

from api.warehouse.engines.spark.storage.loads import LoadFile, TableFiles
from api.warehouse.engines.spark.storage.reading import (
    Contents,
    contents,
    newest_rows,
    without_columns,
)
from api.warehouse.engines.spark.storage.storage import Storage

__all__ = [
    "Contents",
    "LoadFile",
    "Storage",
    "TableFiles",
    "contents",
    "newest_rows",
    "without_columns",
]
