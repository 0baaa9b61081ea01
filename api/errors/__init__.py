"""Every error that HTTP or a command can answer with; nothing here does I/O.

Problem                          the base: status, code, title, detail, extra members
├─ BadRequest (400)              malformed_request: the request itself cannot be read
│  ├─ MissingField               missing_field: a form or JSON field is absent
│  ├─ UndeclaredParameter        undeclared_parameter: lists the declared ones
│  ├─ BadParameter               bad_parameter: a declared parameter has no such value
│  └─ IncompleteBody             incomplete_body: the client went before it sent all
├─ KeyRequired (401)             key_required: without a key there is nothing here
│  └─ UnknownKey                 unknown_key: the key that was sent is not one of ours
├─ Forbidden (403)               forbidden: the key, or its absence, does not suffice
│  ├─ ReadOnlyKey                read_only_key: the key may look but not write
│  └─ ForeignOrigin              foreign_origin: a page of another site tried to write
├─ MethodNotAllowed (405)        method_not_allowed: the address has other methods
├─ NotAcceptable (406)           not_acceptable: no format that is offered is wanted
├─ UploadTimeout (408)           upload_timeout: the body came too slowly
├─ Conflict (409)                conflict: what is asked for does not fit what there is
│  └─ RequestInProgress          request_in_progress: its Idempotency-Key is at work
├─ TooLarge (413)                too_large: the body is over the limit
│  └─ TooManyRows                too_many_rows: the file is over the limit of rows
├─ UnsupportedMediaType (415)    unsupported_media_type: the body is of another kind
├─ ForeignHost (421)             foreign_host: the Host is not one that is served
├─ TooManyRequests (429)         too_many_requests: one client has too many at once
├─ UnreadableFile (400)          a body that is no CSV, with the place where it breaks
│  ├─ NotUtf8                    not_utf8
│  ├─ BinaryContent              binary_content
│  ├─ BrokenGzip                 broken_gzip
│  ├─ RowTooLong                 row_too_long
│  └─ NotAvro                    not_avro: no backup, or one that is damaged
├─ NotFound (404)                not_found: no such address
│  ├─ UnknownTable               unknown_table
│  ├─ UnknownMetric              unknown_metric
│  ├─ UnknownLoad                unknown_load
│  ├─ UnknownReading             unknown_reading
│  └─ UnknownBuild               unknown_build
├─ Unusable (422)                read, but nothing in it can be loaded
│  ├─ EmptyFile                  empty_file
│  ├─ UnknownHeader              unknown_header
│  ├─ HeaderMismatch             header_mismatch
│  ├─ AmbiguousReading           ambiguous_reading: the sender has to say which
│  ├─ BatchSize                  batch_size
│  ├─ NoUsableRow                no_usable_row
│  ├─ RowsRejected               rows_rejected: all or nothing was asked for
│  └─ IdempotencyKeyReused       idempotency_key_reused: for another request before
├─ NotReady (503)                not_ready: no build has been published yet
│  ├─ NotThere                   not_ready: what dbt makes is not there yet
│  ├─ UnreadableMetric           unreadable_metric: its document says nothing we know
│  ├─ Overloaded                 overloaded: as much is at work as can be
│  ├─ WarehouseBusy              warehouse_busy: another writer holds it
│  ├─ WarehouseReadOnly          warehouse_read_only: it cannot be written to
│  ├─ WarehouseDamaged           warehouse_damaged: a database file is corrupt
│  └─ WarehouseUnreachable       warehouse_unreachable: its server is away
├─ StorageFull (507)             storage_full: there is no room on the disk
└─ ContractError (500)           contract_error: the project's YAML breaks its own rules

What Flask or the HTTP library raises by itself becomes one of these in `routes`.
Source of the shape: RFC 9457.
"""

from api.errors.access import (
    Forbidden,
    ForeignHost,
    ForeignOrigin,
    KeyRequired,
    ReadOnlyKey,
    UnknownKey,
)
from api.errors.problem import (
    Problem,
)
from api.errors.questions import Question, of_choices
from api.errors.requests import (
    BadParameter,
    BadRequest,
    Conflict,
    IncompleteBody,
    MethodNotAllowed,
    MissingField,
    NotAcceptable,
    NotFound,
    RequestInProgress,
    TooLarge,
    TooManyRequests,
    TooManyRows,
    UndeclaredParameter,
    UnknownBuild,
    UnknownLoad,
    UnknownMetric,
    UnknownReading,
    UnknownTable,
    UnsupportedMediaType,
    UploadTimeout,
)
from api.errors.service import (
    ContractError,
    NotReady,
    NotThere,
    Overloaded,
    StorageFull,
    UnreadableMetric,
    WarehouseBusy,
    WarehouseDamaged,
    WarehouseReadOnly,
    WarehouseUnreachable,
)
from api.errors.uploads import (
    AmbiguousReading,
    BatchSize,
    BinaryContent,
    BrokenGzip,
    EmptyFile,
    HeaderMismatch,
    IdempotencyKeyReused,
    NotAvro,
    NotUtf8,
    NoUsableRow,
    RowsRejected,
    RowTooLong,
    UnknownHeader,
    UnreadableFile,
    Unusable,
)

__all__ = [
    "BadParameter",
    "BadRequest",
    "AmbiguousReading",
    "BatchSize",
    "BinaryContent",
    "BrokenGzip",
    "Conflict",
    "ContractError",
    "EmptyFile",
    "Forbidden",
    "ForeignHost",
    "ForeignOrigin",
    "HeaderMismatch",
    "IdempotencyKeyReused",
    "IncompleteBody",
    "KeyRequired",
    "MethodNotAllowed",
    "MissingField",
    "NoUsableRow",
    "NotAcceptable",
    "NotAvro",
    "NotFound",
    "NotReady",
    "NotThere",
    "UnreadableMetric",
    "NotUtf8",
    "Overloaded",
    "Problem",
    "Question",
    "ReadOnlyKey",
    "RequestInProgress",
    "RowTooLong",
    "RowsRejected",
    "StorageFull",
    "TooLarge",
    "TooManyRequests",
    "TooManyRows",
    "UndeclaredParameter",
    "UnknownBuild",
    "UnknownHeader",
    "UnknownKey",
    "UnknownLoad",
    "UnknownMetric",
    "UnknownReading",
    "UnknownTable",
    "UnreadableFile",
    "UnsupportedMediaType",
    "Unusable",
    "UploadTimeout",
    "WarehouseBusy",
    "WarehouseDamaged",
    "WarehouseUnreachable",
    "WarehouseReadOnly",
    "of_choices",
]
