"""Logs: one JSON object per line on standard error, the same from every process.

Facts are names, numbers and times, never the content of a row, a file name or a filter.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from api.warehouse.utc import utc_text

# The id of the request that this thread handles, empty outside of one.
CURRENT_REQUEST: ContextVar[str] = ContextVar("request_id", default="")

# What these log at `info` is of no use to operators.
CHATTY = ("urllib3", "werkzeug", "asyncio")

log = logging.getLogger("hiring")


def configure(level: str) -> None:
    """Log as JSON lines, from `level` up, whatever logs in this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_event(
    event: str,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **facts: Any,
) -> None:
    """Log an event with its facts, and the places that an error came through."""
    if log.isEnabledFor(level):
        log.log(level, event, exc_info=error, extra={"facts": facts})


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; line breaks in values are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": utc_text(moment),
            "level": record.levelname.lower(),
        }
        facts = getattr(record, "facts", None)
        if facts is None:
            line |= {"event": "message", "logger": record.name}
            line["message"] = record.getMessage()
        else:
            line["event"] = record.getMessage()
        if CURRENT_REQUEST.get():
            line["request_id"] = CURRENT_REQUEST.get()
        line |= facts or {}
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = _chain(record.exc_info[1])
        return json.dumps(line, default=str, separators=(",", ":"))


def _chain(error: BaseException) -> list[dict[str, Any]]:
    """An error and its causes: kinds and places.

    Never their messages: that of a failed conversion quotes the cell.
    """
    chain = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        entry: dict[str, Any] = {"kind": type(link).__qualname__}
        if isinstance(link, OSError):
            entry["reason"] = link.strerror
        frames = traceback.extract_tb(link.__traceback__)
        entry["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames]
        chain.append(entry)
        link = link.__cause__ or link.__context__
    return chain
