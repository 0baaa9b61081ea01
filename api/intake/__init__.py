"""Intake: CSV, Avro and JSON batches to checked rows and rejects.

Pure: no database and no HTTP; only the bytes that are passed in are read. `workbooks`
reads theirs in a process of its own.
"""

from api.intake.avro_file import AvroFile
from api.intake.batch import BATCH_ROWS, read_batch
from api.intake.csv_file import CsvFile
from api.intake.options import Limits, Remembered, RememberedReading, Said
from api.intake.rows import Block, Defect, Reject

__all__ = [
    "AvroFile",
    "BATCH_ROWS",
    "Block",
    "CsvFile",
    "Defect",
    "Limits",
    "Reject",
    "Remembered",
    "RememberedReading",
    "Said",
    "read_batch",
]
