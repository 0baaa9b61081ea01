"""The door: turns CSV, Avro and JSON batches into checked rows and told rejects.

Pure: no file is opened, no database and no HTTP; only the bytes handed in are read.
Those of a workbook go through a process of its own, see `workbooks`.
"""

from api.intake.avro_file import AvroFile, read_avro
from api.intake.batch import BATCH_ROWS, read_batch
from api.intake.csv_file import CsvFile, read_csv
from api.intake.encodings import encoding_named, label_of
from api.intake.options import Limits, Remembered, RememberedReading, Said
from api.intake.reading_record import is_alike
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
    "encoding_named",
    "is_alike",
    "label_of",
    "read_avro",
    "read_batch",
    "read_csv",
]
