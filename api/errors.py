"""Every problem that HTTP or a command can end with. Pure.

Problem                          the base: status, code, title, detail, extra members
├─ BadRequest (400)              malformed_request: the request cannot be parsed
│  ├─ MissingField               missing_field: a form or JSON field is absent
│  ├─ UndeclaredParameter        undeclared_parameter: lists the declared ones
│  ├─ BadParameter               bad_parameter: a declared parameter has no such value
│  └─ IncompleteBody             incomplete_body: the client disconnected too early
├─ KeyRequired (401)             key_required: the request needs a key
│  └─ UnknownKey                 unknown_key: the key is not a valid one
├─ Forbidden (403)               forbidden: the key, or its absence, does not suffice
│  ├─ ReadOnlyKey                read_only_key: the key may read but not write
│  └─ ForeignOrigin              foreign_origin: a page of another site tried to write
├─ MethodNotAllowed (405)        method_not_allowed: the path has other methods
├─ NotAcceptable (406)           not_acceptable: Accept names no format on offer
├─ UploadTimeout (408)           upload_timeout: the body came too slowly
├─ Conflict (409)                conflict: the request does not fit the present state
│  └─ RequestInProgress          request_in_progress: its Idempotency-Key is in use
├─ TooLarge (413)                too_large: the body is over the limit
│  └─ TooManyRows                too_many_rows: the file is over the limit of rows
├─ UnsupportedMediaType (415)    unsupported_media_type: the body is of another type
├─ ForeignHost (421)             foreign_host: the Host is not one of this server
├─ TooManyRequests (429)         too_many_requests: one client has too many at once
├─ UnreadableFile (400)          the body is no CSV file, with the place of the error
│  ├─ NotUtf8                    not_utf8
│  ├─ BinaryContent              binary_content
│  ├─ BrokenGzip                 broken_gzip
│  ├─ RowTooLong                 row_too_long
│  └─ NotAvro                    not_avro: no backup, or a damaged one
├─ NotFound (404)                not_found: no such path
│  ├─ UnknownTable               unknown_table
│  ├─ UnknownMetric              unknown_metric
│  ├─ UnknownLoad                unknown_load
│  ├─ UnknownReading             unknown_reading
│  └─ UnknownBuild               unknown_build
├─ Unusable (422)                parsed, but nothing in it can be loaded
│  ├─ EmptyFile                  empty_file
│  ├─ UnknownHeader              unknown_header
│  ├─ HeaderMismatch             header_mismatch
│  ├─ AmbiguousReading           ambiguous_reading: the sender has to say which
│  ├─ BatchSize                  batch_size
│  ├─ NoUsableRow                no_usable_row
│  ├─ RowsRejected               rows_rejected: the request was for all or nothing
│  └─ IdempotencyKeyReused       idempotency_key_reused: it belongs to another request
├─ NotReady (503)                not_ready: no build has been published yet
│  ├─ NotBuilt                   not_ready: dbt has not made the table yet
│  ├─ UnreadableMetric           unreadable_metric: its document cannot be parsed
│  ├─ Overloaded                 overloaded: too many requests are being handled
│  ├─ WarehouseBusy              warehouse_busy: another writer locks it
│  ├─ WarehouseReadOnly          warehouse_read_only: it cannot be written to
│  ├─ WarehouseDamaged           warehouse_damaged: a database file is corrupt
│  └─ WarehouseUnreachable       warehouse_unreachable: its server does not respond
├─ StorageFull (507)             storage_full: the disk is full
└─ ContractError (500)           contract_error: the project's YAML breaks its own rules

`routes.problems` converts what Flask and Werkzeug raise to these.
Source of the shape: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

# What the sender of a file has to decide: `field`, `choices` and `columns`, as OpenAPI
# describes them. A program that uploads can show it to a person.
Question = dict[str, Any]


class Problem(Exception):
    """A response that is not a success.

    `status` is the HTTP status, `code` a stable searchable name, `title` the same
    for every occurrence, `detail` what is wrong and how to correct it. `extra` holds
    further members of the body, such as `errors`.
    """

    status = 500
    code = "internal_error"
    title = "Something failed on our side"
    # Seconds after which to retry; None when that would not help.
    retry_after: int | None = None

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra

    def with_question(self, question: Question | None) -> Self:
        """Add a question to the body, if there is one."""
        if question:
            self.extra = {**self.extra, "question": question}
        return self

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response, apart from Content-Type."""
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(self.retry_after)}

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


class IncompleteBody(BadRequest):
    code, title = "incomplete_body", "The request broke off before its end"


class MethodNotAllowed(Problem):
    status, code = 405, "method_not_allowed"
    title = "This address has no such method"


class NotAcceptable(Problem):
    status, code, title = 406, "not_acceptable", "No format on offer is wanted"


class UploadTimeout(Problem):
    status, code, title = 408, "upload_timeout", "The request came too slowly"


class Conflict(Problem):
    status, code, title = 409, "conflict", "This does not fit what there is"


class RequestInProgress(Conflict):
    code = "request_in_progress"
    title = "A request with this Idempotency-Key is still at work"
    retry_after = 2


class TooLarge(Problem):
    status, code, title = 413, "too_large", "The request is larger than is taken"


class TooManyRows(TooLarge):
    code, title = "too_many_rows", "The file has more rows than are taken"


class UnsupportedMediaType(Problem):
    status, code = 415, "unsupported_media_type"
    title = "The body is not of a kind that is taken here"


class TooManyRequests(Problem):
    status, code = 429, "too_many_requests"
    title = "This client has too many requests at work"
    retry_after = 2


class NotFound(Problem):
    status, code, title = 404, "not_found", "There is nothing at this address"


class UnknownTable(NotFound):
    code, title = "unknown_table", "There is no such upload table"


class UnknownMetric(NotFound):
    code, title = "unknown_metric", "There is no such metric"


class UnknownLoad(NotFound):
    code, title = "unknown_load", "There is no such load"


class UnknownReading(NotFound):
    code, title = "unknown_reading", "There is no such remembered reading"


class UnknownBuild(NotFound):
    code, title = "unknown_build", "There is no such build"


class KeyRequired(Problem):
    status, code, title = 401, "key_required", "This needs an API key"

    @property
    def headers(self) -> dict[str, str]:
        return super().headers | {"WWW-Authenticate": "Bearer"}


class UnknownKey(KeyRequired):
    code, title = "unknown_key", "The API key is not known"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "This is not allowed"


class ReadOnlyKey(Forbidden):
    code, title = "read_only_key", "The API key may read but not write"


class ForeignOrigin(Forbidden):
    code, title = "foreign_origin", "A page of another site may not write here"


class ForeignHost(Problem):
    status, code, title = 421, "foreign_host", "This host is not served here"


class NotReady(Problem):
    status, code, title = 503, "not_ready", "No build has been published yet"
    retry_after = 2


class NotBuilt(NotReady):
    title = "What is served has not been made yet"


class UnreadableMetric(NotReady):
    code, title = "unreadable_metric", "What was published of a metric cannot be read"
    retry_after = 30


class Overloaded(NotReady):
    code, title = "overloaded", "As much is at work as can be"


class WarehouseBusy(NotReady):
    code, title = "warehouse_busy", "The warehouse is locked by another writer"


class WarehouseReadOnly(NotReady):
    code, title = "warehouse_read_only", "The warehouse cannot be written to"
    retry_after = 30


class WarehouseDamaged(NotReady):
    code, title = "warehouse_damaged", "A database file of the warehouse is corrupt"
    retry_after = 30


class WarehouseUnreachable(NotReady):
    code, title = "warehouse_unreachable", "The warehouse's server cannot be reached"
    retry_after = 5


class StorageFull(Problem):
    status, code, title = 507, "storage_full", "There is no room left on the disk"
    retry_after = 30


class ContractError(Problem):
    """The project's YAML breaks the rules of the contract; lists every defect."""

    status, code, title = 500, "contract_error", "The dbt project breaks its contract"

    def __init__(self, defects: Iterable[str]) -> None:
        self.defects = tuple(defects)
        super().__init__("\n".join(self.defects), errors=list(self.defects))


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


def choice_question(field: str, samples: Mapping[str, str]) -> Question:
    """The question which value of a form field is right; `samples` are by value."""
    choices = [{"value": n, "sample": sample} for n, sample in samples.items()]
    return {"field": field, "choices": choices, "columns": []}
