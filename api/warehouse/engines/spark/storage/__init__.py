"""Files where the API and every Spark worker reach them: uploaded rows, as Parquet.

`storage` is the place, `loads` the rows of each load, `reading` what is asked of them.
What counts is for the ledger to say, which is kept elsewhere: a file that no entry of
it names is nothing.
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
