"""The one way out for every failure: RFC 9457 problem+json."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from api.errors import NotReady, Problem, RequestInProgress

RETRY_AFTER_SECONDS = 2

log = logging.getLogger("api")


def register(app: Flask) -> None:
    """Answer our problems, the HTTP library's and the unforeseen in the same shape."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _of_the_library)
    app.register_error_handler(Exception, _unforeseen)


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    response = jsonify(problem.body())
    response.status_code = problem.status
    response.content_type = "application/problem+json"
    if isinstance(problem, NotReady | RequestInProgress):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _of_the_library(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    problem = Problem(error.description or status.phrase)
    problem.status = status
    problem.title = status.phrase
    problem.code = status.name.lower()
    if status == HTTPStatus.NOT_FOUND:
        problem.detail = (
            f"There is nothing at {request.path}. GET / lists what there is."
        )
    response = answer(problem)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return answer(
        Problem("The server met an error it was not made for; its log tells.")
    )
