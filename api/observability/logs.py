"""Logs: one JSON object per line on standard error, the same from every process.

Facts are names, numbers and times, never what a row, a file name or a filter says.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from api.warehouse.utc import utc_text

# The number of the request that this thread works on, empty outside of one.
CURRENT: ContextVar[str] = ContextVar("request_id", default="")

# What these tell at `info` is of no use to who runs the service.
CHATTY = ("urllib3", "werkzeug", "asyncio")

log = logging.getLogger("hiring")


def configure(level: str) -> None:
    """Log from now on as JSON lines, from `level` on, whoever logs in this process."""
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
    """Log an event with its facts, and where an error came from."""
    if log.isEnabledFor(level):
        log.log(level, event, exc_info=error, extra={"facts": facts})


class JsonLines(logging.Formatter):
    """A record as one line of JSON; line breaks in a value are escaped."""

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
        if CURRENT.get():
            line["request_id"] = CURRENT.get()
        line |= facts or {}
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = _chain(record.exc_info[1])
        return json.dumps(line, default=str, separators=(",", ":"))


def _chain(error: BaseException) -> list[dict[str, Any]]:
    """An error and what caused it: kinds and places.

    Not what they say: the message of a conversion that failed holds the cell.
    """
    chain = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        told: dict[str, Any] = {"kind": type(link).__qualname__}
        if isinstance(link, OSError):
            told["reason"] = link.strerror
        frames = traceback.extract_tb(link.__traceback__)
        told["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames]
        chain.append(told)
        link = link.__cause__ or link.__context__
    return chain
