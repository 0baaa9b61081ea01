"""The error handlers: every error leaves as RFC 9457 problem+json."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from api import errors
from api.errors import Problem
from api.middleware.admission import WHOLE_BYTES
from api.observability.logs import log_event
from api.warehouse.engines.disk import problem_of
from api.wording import cut, quoted


def register(app: Flask) -> None:
    """Register a handler for problems, and those that convert other errors to them."""
    app.register_error_handler(Problem, _problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OSError, _os_error)
    app.register_error_handler(Exception, _unexpected_error)


def _problem_response(problem: Problem) -> Response:
    response = jsonify(problem.body())
    response.status_code = problem.status
    response.content_type = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def _http_error(error: HTTPException) -> Response:
    response = _problem_response(_problem_of(error))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _os_error(error: OSError) -> Response:
    """Without a file name, the error comes from the folder of large bodies."""
    name = error.filename
    place = Path(name if isinstance(name, str) else tempfile.gettempdir())
    problem = problem_of(error, place)
    return _problem_response(problem) if problem else _unexpected_error(error)


def _problem_of(error: HTTPException) -> Problem:
    """The problem for an error of Werkzeug."""
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return errors.MethodNotAllowed(
            f"{cut(request.path, 200)} takes {methods}, not {quoted(request.method)}."
        )
    if isinstance(error, RequestEntityTooLarge):
        return errors.TooLarge(
            f"A field of a form may be {WHOLE_BYTES:,} bytes long, and a form may have"
            f" {request.max_form_parts:,} parts. Send rows as a file, csv_file."
        )
    if isinstance(error, NotFound):
        return errors.NotFound(
            f"There is nothing at {cut(request.path, 200)}. GET / lists what there is."
        )
    if isinstance(error, BadRequest):
        return errors.BadRequest(error.description or "The request cannot be read.")
    is_ours = (error.code or Problem.status) >= Problem.status
    problem = (Problem if is_ours else errors.BadRequest)(error.name)
    problem.status = error.code or Problem.status
    return problem


def _unexpected_error(error: Exception) -> Response:
    log_event("failure", logging.ERROR, error)
    return _problem_response(
        Problem("The server met an error it was not made for; its log tells.")
    )
