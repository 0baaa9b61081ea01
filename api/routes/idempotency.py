"""A request under an Idempotency-Key makes one load, however often it is sent."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, cast

from flask import Response, request, url_for

from api.errors import IdempotencyKeyReused
from api.loading import LoadOptions, Receipt, receipt_of
from api.routes.context import context
from api.routes.parameters import key_of_request
from api.routes.receipts import log_load, receipt_response
from api.warehouse.requests import KeyedRequest

# What a request asks for: a text, the rows of a batch, or a file.
Content = str | Sequence[object] | BinaryIO


@dataclass
class Attempt:
    """One sending of a request, on the terms that it is to be loaded on.

    `replayed` is the answer of a sending before. `loaded` is its load, where its
    process ended before the answer.
    """

    options: LoadOptions
    loaded: Receipt | None = None
    replayed: Response | None = None
    response: Response | None = None
    began: float = field(default_factory=time.perf_counter)

    def answer(self, receipt: Receipt) -> Response:
        """The response to the load; it is kept for whoever sends the request again."""
        if self.loaded is None:
            log_load(receipt, time.perf_counter() - self.began)
        self.response = receipt_response(receipt)
        return self.response


@contextmanager
def once(options: LoadOptions, *content: Content) -> Iterator[Attempt]:
    """Hold the request's key, if it has one, until its answer is kept.

    `content` is all that the request asks for, apart from its address and terms.
    Raises BadParameter, RequestInProgress and IdempotencyKeyReused.
    """
    key = key_of_request()
    if key is None:
        yield Attempt(options)
        return
    requests = context().warehouse.raw.requests
    with requests.at_work(key):
        keyed = KeyedRequest(key, _fingerprint(options, content))
        known = requests.known(key)
        if known is None:
            attempt = Attempt(replace(options, keyed=keyed))
        elif known.fingerprint != keyed.fingerprint:
            raise IdempotencyKeyReused(
                f"The Idempotency-Key {key[:60]!r} came with another request before,"
                f" which is load {known.load_id}. Send this one under a key of its own."
            )
        elif known.status is not None and known.answer is not None:
            response = _replayed(known.load_id, known.status, known.answer)
            yield Attempt(options, replayed=response)
            return
        else:
            # It was loaded, and its process ended before the answer.
            store = context().warehouse.raw
            attempt = Attempt(options, receipt_of(store, store.load(known.load_id)))
        yield attempt
        if (made := attempt.response) is not None:
            requests.answered(key, made.status_code, made.get_data(as_text=True))


def _fingerprint(options: LoadOptions, content: Sequence[Content]) -> str:
    """A digest of all that a request asks for, but not of how it likes its answer."""
    texts = map(_text, content)
    parts = [request.method, request.path, options.mode, str(options.strict), *texts]
    return _digest("\n".join(parts).encode())


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return _digest(json.dumps(content).encode())
    # The file is read from its start again afterwards.
    found = hashlib.file_digest(cast(Any, content), "sha256").hexdigest()
    content.seek(0)
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replayed(load_id: int, status: int, answer: str) -> Response:
    response = Response(answer, status, mimetype="application/json")
    response.headers["Location"] = url_for("loads.get_load", load_id=load_id)
    response.headers["Idempotency-Replayed"] = "true"
    return response
