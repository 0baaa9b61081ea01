"""What is wrong with a request, and what is not there."""

from __future__ import annotations

from api.errors.problem import Problem


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
