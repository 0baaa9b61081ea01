"""Every error that HTTP or a command can answer with; nothing here does I/O.

Problem                          the base: status, code, title, detail, extra members
├─ BadRequest (400)              malformed_request: the request itself cannot be read
│  ├─ MissingField               missing_field: a form or JSON field is absent
│  ├─ UndeclaredParameter        undeclared_parameter: lists the declared ones
│  └─ BadParameter               bad_parameter: a declared parameter has no such value
├─ MethodNotAllowed (405)        method_not_allowed: the address has other methods
├─ NotAcceptable (406)           not_acceptable: no format that is offered is wanted
├─ RequestInProgress (409)       request_in_progress: its Idempotency-Key is at work
├─ TooLarge (413)                too_large: the body is over the limit
├─ UnsupportedMediaType (415)    unsupported_media_type: the body is of another kind
├─ UnreadableFile (400)          a body that is no CSV, with the place where it breaks
│  ├─ NotUtf8                    not_utf8
│  ├─ BinaryContent              binary_content
│  ├─ BrokenGzip                 broken_gzip
│  ├─ UnclosedQuote              unclosed_quote
│  └─ RowTooLong                 row_too_long
├─ NotFound (404)                not_found: no such address
│  ├─ UnknownTable               unknown_table
│  ├─ UnknownMetric              unknown_metric
│  ├─ UnknownLoad                unknown_load
│  └─ UnknownBuild               unknown_build
├─ Unusable (422)                read, but nothing in it can be loaded
│  ├─ EmptyFile                  empty_file
│  ├─ UnknownHeader              unknown_header
│  ├─ HeaderMismatch             header_mismatch
│  ├─ BatchSize                  batch_size
│  ├─ NoUsableRow                no_usable_row
│  ├─ RowsRejected               rows_rejected: all or nothing was asked for
│  └─ IdempotencyKeyReused       idempotency_key_reused: for another request before
├─ NotReady (503)                not_ready: no build has been published yet
│  └─ WarehouseBusy              warehouse_busy
└─ ContractError (500)           contract_error: the project's YAML breaks its own rules

What Flask or the HTTP library raises by itself becomes one of these in `routes`.
Source of the shape: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Problem(Exception):
    """An answer that is not a success.

    `status` is the HTTP status, `code` a stable searchable name, `title` the same
    for every occurrence, `detail` what happened here and how to mend it. `extra`
    holds further members of the answer, such as `errors`.
    """

    status = 500
    code = "internal_error"
    title = "Something failed on our side"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra

    def body(self) -> dict[str, Any]:
        """The RFC 9457 members of this problem."""
        return {
            "type": f"urn:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }


class BadRequest(Problem):
    status, code, title = 400, "malformed_request", "The request cannot be read"


class MissingField(BadRequest):
    code, title = "missing_field", "A field of the request is missing"


class UndeclaredParameter(BadRequest):
    code, title = "undeclared_parameter", "There is no such parameter"


class BadParameter(BadRequest):
    code, title = "bad_parameter", "A parameter has a value of the wrong kind"


class MethodNotAllowed(Problem):
    status, code = 405, "method_not_allowed"
    title = "This address has no such method"


class NotAcceptable(Problem):
    status, code, title = 406, "not_acceptable", "No format on offer is wanted"


class RequestInProgress(Problem):
    status, code = 409, "request_in_progress"
    title = "A request with this Idempotency-Key is still at work"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "The request is larger than is taken"


class UnsupportedMediaType(Problem):
    status, code = 415, "unsupported_media_type"
    title = "The body is not of a kind that is taken here"


class UnreadableFile(Problem):
    status, code, title = 400, "unreadable_file", "The file cannot be read as CSV"


class NotUtf8(UnreadableFile):
    code, title = "not_utf8", "The file is not UTF-8 text"


class BinaryContent(UnreadableFile):
    code, title = "binary_content", "The file is not text"


class BrokenGzip(UnreadableFile):
    code, title = "broken_gzip", "The gzip file is damaged or cut short"


class UnclosedQuote(UnreadableFile):
    code, title = "unclosed_quote", "A quoted cell is never closed"


class RowTooLong(UnreadableFile):
    code, title = "row_too_long", "A row is longer than any row may be"


class NotFound(Problem):
    status, code, title = 404, "not_found", "There is nothing at this address"


class UnknownTable(NotFound):
    code, title = "unknown_table", "There is no such upload table"


class UnknownMetric(NotFound):
    code, title = "unknown_metric", "There is no such metric"


class UnknownLoad(NotFound):
    code, title = "unknown_load", "There is no such load"


class UnknownBuild(NotFound):
    code, title = "unknown_build", "There is no such build"


class Unusable(Problem):
    status, code, title = 422, "unusable", "Nothing in the request can be loaded"


class EmptyFile(Unusable):
    code, title = "empty_file", "The file holds no rows"


class UnknownHeader(Unusable):
    code, title = "unknown_header", "The header names none of the columns"


class HeaderMismatch(Unusable):
    code, title = "header_mismatch", "The header does not fit the table"


class BatchSize(Unusable):
    code, title = "batch_size", "A batch holds 1 to 1000 rows"


class NoUsableRow(Unusable):
    code, title = "no_usable_row", "Every row was rejected, so nothing was stored"


class RowsRejected(Unusable):
    code, title = "rows_rejected", "A row was rejected, so nothing was stored"


class IdempotencyKeyReused(Unusable):
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"


class NotReady(Problem):
    status, code, title = 503, "not_ready", "No build has been published yet"


class WarehouseBusy(NotReady):
    code, title = "warehouse_busy", "The warehouse is locked by another writer"


class ContractError(Problem):
    """The project's YAML breaks the rules of the contract; tells every place."""

    status, code, title = 500, "contract_error", "The dbt project breaks its contract"

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints), errors=list(self.complaints))
