"""Files that cannot be read, and rows that cannot be loaded."""

from __future__ import annotations

from api.errors.problem import Problem


class UnreadableFile(Problem):
    status, code, title = 400, "unreadable_file", "The file cannot be read as CSV"


class NotUtf8(UnreadableFile):
    code, title = "not_utf8", "The file is not UTF-8 text"


class BinaryContent(UnreadableFile):
    code, title = "binary_content", "The file is not text"


class BrokenGzip(UnreadableFile):
    code, title = "broken_gzip", "The gzip file is damaged or cut short"


class RowTooLong(UnreadableFile):
    code, title = "row_too_long", "A row is longer than any row may be"


class NotAvro(UnreadableFile):
    code, title = "not_avro", "The file is not a backup in Avro"


class Unusable(Problem):
    status, code, title = 422, "unusable", "Nothing in the request can be loaded"


class EmptyFile(Unusable):
    code, title = "empty_file", "The file holds no rows"


class UnknownHeader(Unusable):
    code, title = "unknown_header", "The header names none of the columns"


class HeaderMismatch(Unusable):
    code, title = "header_mismatch", "The header does not fit the table"


class AmbiguousReading(Unusable):
    code, title = "ambiguous_reading", "The file can be read in more than one way"


class BatchSize(Unusable):
    code, title = "batch_size", "A batch holds 1 to 1000 rows"


class NoUsableRow(Unusable):
    code, title = "no_usable_row", "Every row was rejected, so nothing was stored"


class RowsRejected(Unusable):
    code, title = "rows_rejected", "A row was rejected, so nothing was stored"


class IdempotencyKeyReused(Unusable):
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"
