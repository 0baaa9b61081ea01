"""A load from its first byte to the ledger: intake and raw store, one after the other.

Every door, HTTP and the command line, comes through here; none is known here.
"""

from api.intake import Said
from api.loading.batches import check_batch, load_batch
from api.loading.counts import RAW_SHOWN, REJECTS_SHOWN, reject_document
from api.loading.files import check_avro, check_csv, load_avro, load_csv
from api.loading.fitting import Fit, fits_of
from api.loading.options import (
    LoadOptions,
    Receipt,
    Report,
    limits_of,
    receipt_of,
    table_named,
)
from api.loading.reading_fields import fields_of, said_of
from api.loading.undo import undo

__all__ = [
    "Fit",
    "RAW_SHOWN",
    "REJECTS_SHOWN",
    "Receipt",
    "Report",
    "Said",
    "LoadOptions",
    "check_avro",
    "check_batch",
    "check_csv",
    "fields_of",
    "fits_of",
    "limits_of",
    "load_avro",
    "load_batch",
    "load_csv",
    "receipt_of",
    "reject_document",
    "said_of",
    "table_named",
    "undo",
]
