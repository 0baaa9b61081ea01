"""Receipts: loads as they are answered, to their sender and in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from flask import Response, jsonify, request, url_for
from pydantic import Field, with_config
from typing_extensions import TypedDict

from api import errors, loading
from api.contract import Table
from api.loading import REJECTS_SHOWN, DryRunReport
from api.observability.logs import log_event
from api.openapi.parts import Node, answer, as_json
from api.openapi.problems import WRITE_PROBLEMS, problems
from api.routes.builds import BuildBrief, build_brief
from api.routes.context import context
from api.routes.parameters import idempotency_key, preferences
from api.routes.readings import ReadingField
from api.routes.rejects import LoadId, Reject, Rejected, TableName
from api.warehouse import ledger
from api.warehouse.builds import Build
from api.warehouse.provenance import ACTOR, REQUEST_ID, Provenance

LOADED = ("Location", "Preference-Applied", "Idempotency-Replayed")
BAD_REQUESTS = (
    errors.BadRequest,
    errors.MissingField,
    errors.UndeclaredParameter,
    errors.BadParameter,
    errors.UnknownTable,
    errors.RequestInProgress,
    errors.UnsupportedMediaType,
    errors.NoUsableRow,
    errors.RowsRejected,
    errors.IdempotencyKeyReused,
)
Received = Annotated[int, Field(ge=0, description="Rows sent: loaded and rejected.")]
Loaded = Annotated[int, Field(ge=0, description="Rows that were stored.")]


@with_config(extra="forbid")
class Load(TypedDict):
    """One entry of the ledger: rows that came, or the undo or redo of such an entry."""

    load_id: LoadId
    table: TableName
    mode: Annotated[
        Literal["append", "replace", "undo", "redo"],
        Field(
            description="`replace` made its rows the whole table; `undo` took a load"
            " out, `redo` brought one back."
        ),
    ]
    of_load: Annotated[
        int | None, Field(description="The load that an undo or redo is about.")
    ]
    counts: Annotated[
        bool, Field(description="Whether its rows count: not undone, not replaced.")
    ]
    undone_by: Annotated[
        int | None, Field(description="The undo that took it out; delete it to redo.")
    ]
    source: Annotated[
        Literal["csv", "batch", "avro"] | None,
        Field(description="What the rows came as; null for an undo or redo."),
    ]
    file_name: str | None
    sha256: Annotated[
        str | None, Field(description="Of what was unpacked, in hexadecimal.")
    ]
    reading: ReadingField
    received: Received
    loaded: Loaded
    rejected: Rejected
    loaded_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    actor: Annotated[str | None, Field(description="The name of the key it came with.")]
    request_id: Annotated[str | None, Field(description="The request it came with.")]
    rejects_url: Annotated[str, Field(description="Where all its rejects are.")]


class LoadWithBuild(Load):
    """A load and its build."""

    build: BuildBrief


class Receipt(LoadWithBuild):
    """The answer to a load."""

    rejects: Annotated[list[Reject], Field(description="The first 20.")]
    already_loaded: Annotated[
        bool,
        Field(
            description="It was so before, by this entry: the very file was loaded, or"
            " the load undone."
        ),
    ]


@with_config(extra="forbid")
class MinimalReceipt(TypedDict):
    """The answer to a load under `Prefer: return=minimal`."""

    load_id: LoadId
    received: Received
    loaded: Loaded
    rejected: Rejected


@with_config(extra="forbid")
class DryRun(TypedDict):
    """What a load would have come to; nothing was stored."""

    dry_run: Literal[True]
    table: TableName
    received: Received
    loaded: Annotated[int, Field(ge=0, description="Rows that would be stored.")]
    rejected: Annotated[int, Field(ge=0, description="Rows that would be refused.")]
    has_header: Annotated[bool, Field(description="Whether the file has a header.")]
    reading: ReadingField
    preview: Annotated[
        list[dict[str, Any]],
        Field(description="The first 20 rows as they would be stored."),
    ]
    rejects: Annotated[list[Reject], Field(description="The first 20.")]


def receipt_responses(*also: type[errors.Problem], tried: Sequence[type] = ()) -> Node:
    """The responses of a view that loads.

    `also` are further problems, `tried` further shapes of the answer to a dry run.
    """
    receipt = {"anyOf": [Receipt, MinimalReceipt]}
    nothing_new = [DryRun, *tried, Receipt, MinimalReceipt]
    optional = ("Preference-Applied", "Idempotency-Replayed")
    return {
        "200": answer(
            "Nothing new was stored: a dry run, or it was so before.",
            as_json({"anyOf": nothing_new}),
            optional,
        ),
        "201": answer("Loaded, and the build is done.", as_json(receipt), LOADED),
        "202": answer("Loaded, and the build will follow.", as_json(receipt), LOADED),
        **problems(*BAD_REQUESTS, *WRITE_PROBLEMS, *also),
    }


def sender() -> Provenance:
    """The sender and the id of the request."""
    environ = request.environ
    return Provenance(environ.get(ACTOR), environ.get(REQUEST_ID))


def log_load(receipt: loading.Receipt, seconds: float) -> None:
    """Log a load and its counts."""
    load = receipt.load
    log_event(
        "load",
        load_id=load.load_id,
        table=load.table_name,
        mode=load.mode,
        received=load.received,
        loaded=load.loaded,
        rejected=load.rejected,
        already_loaded=receipt.already,
        seconds=round(seconds, 6),
    )


def receipt_response(receipt: loading.Receipt) -> Response:
    """Wait for the build that includes the load, unless the client prefers not to."""
    preferred = preferences()
    load_id = receipt.load.load_id
    build = None
    if not preferred.respond_async:
        build = context().wait_for_load(load_id, preferred.wait)
    response = jsonify(_body(receipt, build, preferred.minimal))
    response.status_code = _status(receipt, build)
    response.headers["Location"] = url_for("loads.get_load", load_id=load_id)
    if preferred.applied:
        response.headers["Preference-Applied"] = preferred.applied
    return response


def dry_run_response(table: Table, report: DryRunReport) -> Response:
    """The answer to a dry run."""
    idempotency_key()  # not used, but an invalid one is an error
    document: DryRun = {"dry_run": True, "table": table.name, **asdict(report)}  # type: ignore[typeddict-item]
    return jsonify(document)


def load_document(load: ledger.Load) -> Load:
    """An entry of the ledger as HTTP returns it."""
    mode: Any = load.mode
    source: Any = load.source
    return {
        "load_id": load.load_id,
        "table": load.table_name,
        "mode": mode,
        "of_load": load.of_load,
        "counts": load.counts,
        "undone_by": load.undone_by,
        "source": source,
        "file_name": load.file_name,
        "sha256": load.sha256,
        "reading": load.reading,
        "received": load.received,
        "loaded": load.loaded,
        "rejected": load.rejected,
        "loaded_at": load.loaded_at,
        "actor": load.actor,
        "request_id": load.request_id,
        "rejects_url": url_for("rejects.list_rejects", load_id=load.load_id),
    }


def _body(
    receipt: loading.Receipt, build: Build | None, minimal: bool
) -> Receipt | MinimalReceipt:
    load = receipt.load
    if minimal:
        return {
            "load_id": load.load_id,
            "received": load.received,
            "loaded": load.loaded,
            "rejected": load.rejected,
        }
    rejects: list[Any] = receipt.rejects[:REJECTS_SHOWN]
    return {
        **load_document(load),
        "rejects": rejects,
        "already_loaded": receipt.already,
        "build": build_brief(build, context().builder_is_running),
    }


def _status(receipt: loading.Receipt, build: Build | None) -> int:
    if build is None:
        return 202
    return 200 if receipt.already else 201
