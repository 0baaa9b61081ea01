"""Answers to loads: once the build holds the rows, and the same however often asked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from flask import Response, jsonify, request, url_for

from api.contract import Table
from api.documents.loads import DryRun, MinimalReceipt
from api.documents.loads import Receipt as ReceiptDocument
from api.documents.readings import TableOfFile, TablesOfFile
from api.errors import BadParameter, IdempotencyKeyReused
from api.loading import REJECTS_SHOWN, Fit, Receipt, Report, Terms, receipt_of
from api.observability.logs import tell
from api.routes.builds import build_brief
from api.routes.context import Context
from api.routes.loads import load_document
from api.routes.reading import preferences
from api.warehouse.builds import Build
from api.warehouse.provenance import ACTOR, REQUEST_ID, Provenance
from api.warehouse.requests import KeyedRequest

LONGEST_KEY = 255

Load = Callable[[Terms], Receipt]


def sender() -> Provenance:
    """Who sent the request, and its number."""
    environ = request.environ
    return Provenance(environ.get(ACTOR), environ.get(REQUEST_ID))


def once(
    context: Context, load: Load, terms: Terms, content: Callable[[], str]
) -> Response:
    """Load, and answer; under an Idempotency-Key at most once, however often asked.

    `content` names all that the request asks for, apart from its address and terms.
    """
    key = _idempotency_key()
    if key is None:
        return _answer(context, _told(load, terms))
    requests = context.warehouse.raw.requests
    with requests.at_work(key):
        keyed = KeyedRequest(key, _fingerprint(terms, content()))
        known = requests.known(key)
        if known is None:
            response = _answer(context, _told(load, replace(terms, keyed=keyed)))
        elif known.fingerprint != keyed.fingerprint:
            raise IdempotencyKeyReused(
                f"The Idempotency-Key {key[:60]!r} came with another request before,"
                f" which is load {known.load_id}. Send this one under a key of its own."
            )
        elif known.status is not None and known.answer is not None:
            return _replayed(known.load_id, known.status, known.answer)
        else:
            # It was loaded, and its process ended before the answer.
            store = context.warehouse.raw
            made = receipt_of(store, store.load(known.load_id))
            response = _answer(context, made)
        requests.answered(key, response.status_code, response.get_data(as_text=True))
        return response


def _told(load: Load, terms: Terms) -> Receipt:
    """Load, and log what came of it."""
    began = time.perf_counter()
    receipt = load(terms)
    made = receipt.load
    tell(
        "load",
        load_id=made.load_id,
        table=made.table_name,
        mode=made.mode,
        received=made.received,
        loaded=made.loaded,
        rejected=made.rejected,
        already_loaded=receipt.already,
        seconds=round(time.perf_counter() - began, 6),
    )
    return receipt


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadParameter(
            f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters,"
            " such as a UUID."
        )
    return key


def _fingerprint(terms: Terms, content: str) -> str:
    """All that a request asks for, but not how it likes to be told of it."""
    parts = [request.method, request.path, terms.mode, str(terms.strict), content]
    return digest("\n".join(parts).encode())


def digest(content: bytes) -> str:
    """A name for the content of a request."""
    return hashlib.sha256(content).hexdigest()


def digest_of_file(stream: BinaryIO) -> str:
    """The same for a file, which is read from its start again afterwards."""
    found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return found


def _answer(context: Context, receipt: Receipt) -> Response:
    """Wait for the build that holds the load, unless the client would rather not."""
    wanted = preferences()
    load_id = receipt.load.load_id
    build = None
    if not wanted.respond_async:
        build = context.wait_for_load(load_id, wanted.wait)
    response = jsonify(_body(context, receipt, build, wanted.minimal))
    response.status_code = _status(receipt, build)
    response.headers["Location"] = url_for("loads.one_load", load_id=load_id)
    if wanted.applied:
        response.headers["Preference-Applied"] = wanted.applied
    return response


def _body(
    context: Context, receipt: Receipt, build: Build | None, minimal: bool
) -> ReceiptDocument | MinimalReceipt:
    load = receipt.load
    if minimal:
        return {
            "load_id": load.load_id,
            "received": load.received,
            "loaded": load.loaded,
            "rejected": load.rejected,
        }
    shown: list[Any] = receipt.rejects[:REJECTS_SHOWN]
    return {
        **load_document(load),
        "rejects": shown,
        "already_loaded": receipt.already,
        "build": build_brief(build, context.builder_is_running),
    }


def _status(receipt: Receipt, build: Build | None) -> int:
    if build is None:
        return 202
    return 200 if receipt.already else 201


def _replayed(load_id: int, status: int, answer: str) -> Response:
    response = Response(answer, status, mimetype="application/json")
    response.headers["Location"] = url_for("loads.one_load", load_id=load_id)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def fitted(fits: list[Fit]) -> Response:
    """The answer to a dry run that names no table."""
    document: TablesOfFile = {"dry_run": True, "tables": [*map(_fit, fits)]}
    return jsonify(document)


def _fit(fit: Fit) -> TableOfFile:
    problem = fit.problem
    return {
        "table": fit.table,
        "fits": fit.fits,
        "rows": fit.rows,
        "good": fit.good,
        "has_header": fit.has_header,
        "reading": fit.reading,
        "code": problem.code if problem else None,
        "detail": problem.detail if problem else None,
        "question": problem.extra.get("question") if problem else None,
    }


def reported(table: Table, report: Report) -> Response:
    """The answer to a dry run, which needs no key, and is told of a wrong one."""
    _idempotency_key()
    document: DryRun = {"dry_run": True, "table": table.name, **asdict(report)}  # type: ignore[typeddict-item]
    return jsonify(document)
