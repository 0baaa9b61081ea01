"""Reading what every route reads alike: paging, preferences, JSON bodies."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.http import parse_dict_header

from api.errors import BadParameter, BadRequest, UndeclaredParameter
from api.suggestion import did_you_mean

NEWEST = (1 << 63) - 1

_one_at_a_time = threading.Lock()


def declared_only(*names: str) -> None:
    """Raise UndeclaredParameter when the query has a parameter of another name."""
    refuse_others(request.args, names, f"parameter of {request.path}")


def refuse_others(given: Iterable[str], declared: Iterable[str], what: str) -> None:
    """Raise UndeclaredParameter, with the declared names, for any other name."""
    names = list(declared)
    for name in given:
        if name not in names:
            known = ", ".join(names) or "none"
            raise UndeclaredParameter(
                f"{name!r} is no {what}; declared are: {known}"
                f"{did_you_mean(name, names)}",
                declared=names,
            )


def whole_number(name: str, default: int, least: int, most: int) -> int:
    """A query parameter that counts something; raises BadParameter."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
        raise BadParameter(
            f"{name} must be a whole number from {least} to {most}, not {text!r}"
        )
    return int(text)


def one_of(name: str, choices: Sequence[str]) -> str:
    """A query parameter that names a choice, by default the first; BadParameter."""
    text = request.args.get(name, choices[0])
    if text not in choices:
        raise BadParameter(f"{name} must be one of {', '.join(choices)}, not {text!r}")
    return text


def newest_first(default_limit: int) -> tuple[int, int]:
    """`limit` and `before` of a list whose newest entries come first."""
    declared_only("limit", "before")
    limit = whole_number("limit", default_limit, 1, 1000)
    return limit, whole_number("before", NEWEST, 1, NEWEST)


def form_only(*names: str) -> None:
    """Raise UndeclaredParameter when the form has a field or file of another name."""
    refuse_others([*request.form, *request.files], names, "field of the form")


@dataclass(frozen=True)
class Preferences:
    """How a client would like to be answered; `wait` in seconds.

    Source: RFC 7240.
    """

    respond_async: bool = False
    wait: float | None = None
    strict: bool = False
    minimal: bool = False

    @property
    def applied(self) -> str:
        """What was honoured, for the header Preference-Applied."""
        honoured = {
            "respond-async": self.respond_async,
            "handling=strict": self.strict,
            "return=minimal": self.minimal,
        }
        return ", ".join(name for name, asked in honoured.items() if asked)


def preferences() -> Preferences:
    """What the request prefers; what we do not know is ignored, as RFC 7240 says."""
    stated = parse_dict_header(", ".join(request.headers.getlist("Prefer")))
    wait = stated.get("wait") or ""
    return Preferences(
        respond_async="respond-async" in stated,
        wait=float(wait) if wait.isascii() and wait.isdigit() else None,
        strict=stated.get("handling") == "strict",
        minimal=stated.get("return") == "minimal",
    )


def is_true(name: str, given: object) -> bool:
    """A field that says true or false, by default false; raises BadParameter."""
    if given is None or given is False or given == "false":
        return False
    if given is True or given == "true":
        return True
    raise BadParameter(f"{name} must be true or false, not {str(given)[:60]!r}")


def json_value(text: str | bytes) -> Any:
    """A JSON text as Python values; raises BadRequest telling where it breaks."""
    try:
        # A long text takes many times its length while it is read: one at a time.
        with _one_at_a_time:
            return json.loads(text)
    except RecursionError as error:
        raise BadRequest("The JSON is nested too deeply to be a batch.") from error
    except ValueError as error:
        raise BadRequest(f"This is not JSON: {error}") from error
