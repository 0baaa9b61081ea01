"""A load from its first byte to the ledger: intake checks rows, the store keeps them.

HTTP and the command line both call this package, which knows neither.
"""

from api.intake import Said
from api.loading.batches import check_batch, load_batch
from api.loading.counts import RAW_SHOWN, REJECTS_SHOWN, reject_document
from api.loading.files import check_avro, check_csv, load_avro, load_csv
from api.loading.fitting import Fit, fits_of
from api.loading.options import (
    DryRunReport,
    LoadOptions,
    Receipt,
    limits_of,
    receipt_of,
    table_named,
)
from api.loading.reading_fields import form_fields, parse_said
from api.loading.undo import undo

__all__ = [
    "Fit",
    "RAW_SHOWN",
    "REJECTS_SHOWN",
    "Receipt",
    "DryRunReport",
    "Said",
    "LoadOptions",
    "check_avro",
    "check_batch",
    "check_csv",
    "form_fields",
    "fits_of",
    "limits_of",
    "load_avro",
    "load_batch",
    "load_csv",
    "receipt_of",
    "reject_document",
    "parse_said",
    "table_named",
    "undo",
]
