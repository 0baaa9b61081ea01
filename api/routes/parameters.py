"""Parameters that several views have: how they are read, how OpenAPI has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask import request
from werkzeug.http import parse_dict_header

from api.errors import BadParameter, UndeclaredParameter
from api.openapi.operations import Facts
from api.openapi.parts import NEWEST, Node, header_parameter, query
from api.openapi.parts import whole_number as whole_number_schema
from api.wording import cut, did_you_mean, quoted

Choice = TypeVar("Choice", bound=str)

DRY_RUN_FIELD: Node = {
    "type": "boolean",
    "default": False,
    "description": "Tell what a load would come to, and store nothing.",
}
DRY_RUN = query(
    "dry_run",
    {"type": "boolean", "default": False},
    str(DRY_RUN_FIELD["description"]),
)
PREFER = header_parameter(
    "Prefer",
    {"type": "string", "examples": ["respond-async, handling=strict"]},
    "`respond-async`: answer once it is stored, without waiting for the build;"
    " `wait=5`: wait at most so many seconds; `handling=strict`: all or nothing;"
    " `return=minimal`: only the counts. RFC 7240.",
)

LONGEST_KEY = 255
KEY = header_parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "Any text of your own, such as a UUID: however often the request is repeated under"
    " it within seven days, the rows are loaded once.",
)


def table_names(facts: Facts) -> Node:
    """The name of an upload table, as a schema."""
    return {"type": "string", "enum": [table.name for table in facts.tables]}


def table_in_path(facts: Facts) -> Node:
    """The parameter of an address below a table's."""
    schema = table_names(facts)
    return {"name": "name", "in": "path", "required": True, "schema": schema}


def newest_first_parameters(default_limit: int) -> list[Node]:
    """What `newest_first` reads."""
    limit = whole_number_schema(1, 1000, default_limit)
    before = whole_number_schema(1, NEWEST)
    return [
        query("limit", limit, "At most so many."),
        query("before", before, "Only those of a lower number."),
    ]


def declared_only(*names: str) -> None:
    """Refuse a query with a parameter of another name, or with one given twice."""
    refuse_others(request.args, names, f"parameter of {cut(request.path)}")
    for name in request.args:
        single(name)


def refuse_others(given: Iterable[str], declared: Iterable[str], what: str) -> None:
    """Raise UndeclaredParameter, with the declared names, for any other name."""
    names = list(declared)
    for name in given:
        if name not in names:
            known = ", ".join(names) or "none"
            raise UndeclaredParameter(
                f"{quoted(name)} is no {what}; declared are: {known}"
                f"{did_you_mean(name, names)}",
                declared=names,
            )


def whole_number(name: str, default: int, least: int, most: int) -> int:
    """A query parameter that counts something; raises BadParameter."""
    text = single(name)
    if text is None:
        return default
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not digits or not least <= int(text) <= most:
        raise BadParameter(
            f"{name} must be a whole number from {least} to {most}, not {quoted(text)}"
        )
    return int(text)


def one_of(name: str, choices: Sequence[Choice]) -> Choice:
    """A query parameter that names a choice, by default the first; BadParameter."""
    text = single(name)
    if text is None:
        return choices[0]
    if text not in choices:
        raise BadParameter(
            f"{name} must be one of {', '.join(choices)}, not {quoted(text)}"
        )
    return choices[choices.index(text)]


def single(name: str) -> str | None:
    """The one value of a query parameter; raises BadParameter when there are more."""
    texts = request.args.getlist(name)
    if len(texts) > 1:
        raise BadParameter(f"{name} is given {len(texts)} times; give it once.")
    return texts[0] if texts else None


def newest_first(default_limit: int) -> tuple[int, int]:
    """`limit` and `before` of a list whose newest entries come first."""
    declared_only("limit", "before")
    limit = whole_number("limit", default_limit, 1, 1000)
    return limit, whole_number("before", NEWEST, 1, NEWEST)


def form_only(*names: str) -> None:
    """Refuse a form with a field or file of another name, or with one given twice.

    Of two files one would be lost, and its sender told that all went well.
    """
    refuse_others([*request.form, *request.files], names, "field of the form")
    for name in names:
        times = len(request.form.getlist(name)) + len(request.files.getlist(name))
        if times > 1:
            raise BadParameter(
                f"The form has {name} {times} times; send one in each request."
            )


@dataclass(frozen=True)
class Preferences:
    """How a client would like to be answered; `wait` in seconds.

    Source: RFC 7240.
    """

    respond_async: bool = False
    wait: float | None = None
    strict: bool = False
    lenient: bool = False
    minimal: bool = False

    @property
    def applied(self) -> str:
        """What was honoured, for the header Preference-Applied."""
        honoured = {
            "respond-async": self.respond_async,
            "handling=strict": self.strict,
            "handling=lenient": self.lenient,
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
        lenient=stated.get("handling") == "lenient",
        minimal=stated.get("return") == "minimal",
    )


def is_true(name: str, given: object) -> bool:
    """A field that says true or false, by default false; raises BadParameter."""
    if given is None or given is False or given == "false":
        return False
    if given is True or given == "true":
        return True
    shown = quoted(given) if isinstance(given, str) else type(given).__name__
    raise BadParameter(f"{name} must be true or false, not {shown}")


def is_dry_run(field: object = None) -> bool:
    """Asked for by a field of the form or body, or in the query: either will do."""
    asked = [is_true("dry_run", given) for given in (field, single("dry_run"))]
    return any(asked)


def key_of_request() -> str | None:
    """The request's key, None without one; raises BadParameter."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadParameter(
            f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters,"
            " such as a UUID."
        )
    return key
