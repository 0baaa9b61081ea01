"""Answers that clients revalidate each time, and get again only when they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Response, request


def etag_of(content: bytes) -> str:
    """The ETag of a content."""
    return hashlib.sha256(content).hexdigest()[:32]


def revalidated(etag: str, mimetype: str, content: Callable[[], bytes]) -> Response:
    """The content, which is only read when it is sent, or a 304."""
    response = Response(mimetype=mimetype)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    if response.status_code == 200:
        response.set_data(content())
    return response
