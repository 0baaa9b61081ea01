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
from api.routes.parameters import idempotency_key
from api.routes.receipts import log_load, receipt_response
from api.warehouse.requests import KeyedRequest

# What a request loads: a text, the rows of a batch, or a file.
Content = str | Sequence[object] | BinaryIO


@dataclass
class Attempt:
    """One attempt at a request, with the options to load it with.

    `replayed` is the answer of an earlier attempt. `loaded` is the load of an earlier
    attempt whose process ended before it answered.
    """

    options: LoadOptions
    loaded: Receipt | None = None
    replayed: Response | None = None
    response: Response | None = None
    began: float = field(default_factory=time.perf_counter)

    def answer(self, receipt: Receipt) -> Response:
        """The response to the load, which `once` stores for repeats of the request."""
        if self.loaded is None:
            log_load(receipt, time.perf_counter() - self.began)
        self.response = receipt_response(receipt)
        return self.response


@contextmanager
def once(options: LoadOptions, *content: Content) -> Iterator[Attempt]:
    """Hold the request's Idempotency-Key, if it has one, until its answer is stored.

    `content` is what the request loads, apart from its path and options. Raises
    BadParameter, RequestInProgress and IdempotencyKeyReused.
    """
    key = idempotency_key()
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
            replayed = _replayed(known.load_id, known.status, known.answer)
            yield Attempt(options, replayed=replayed)
            return
        else:
            # It was loaded, but its process ended before it answered.
            store = context().warehouse.raw
            attempt = Attempt(options, receipt_of(store, store.load(known.load_id)))
        yield attempt
        if (response := attempt.response) is not None:
            text = response.get_data(as_text=True)
            requests.answered(key, response.status_code, text)


def _fingerprint(options: LoadOptions, content: Sequence[Content]) -> str:
    """A digest of everything that decides what a request loads."""
    texts = map(_text, content)
    parts = [request.method, request.path, options.mode, str(options.strict), *texts]
    return _digest("\n".join(parts).encode())


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return _digest(json.dumps(content).encode())
    digest = hashlib.file_digest(cast(Any, content), "sha256").hexdigest()
    content.seek(0)  # the load reads it from its start
    return digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replayed(load_id: int, status: int, answer: str) -> Response:
    response = Response(answer, status, mimetype="application/json")
    response.headers["Location"] = url_for("loads.get_load", load_id=load_id)
    response.headers["Idempotency-Replayed"] = "true"
    return response
