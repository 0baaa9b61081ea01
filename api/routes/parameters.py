"""Parameters that several views have: how they are parsed, and their OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask import request
from werkzeug.http import parse_dict_header

from api.errors import BadParameter, UndeclaredParameter
from api.metrics import filters
from api.openapi.operations import Facts
from api.openapi.parts import MAX_ID, Node, header_parameter, query
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
IDEMPOTENCY_KEY = header_parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "Any text of your own, such as a UUID: however often the request is repeated under"
    " it within seven days, the rows are loaded once.",
)


def table_name_schema(facts: Facts) -> Node:
    """The schema of the name of an upload table."""
    return {"type": "string", "enum": [table.name for table in facts.tables]}


def table_in_path(facts: Facts) -> Node:
    """The parameter of a path below a table's."""
    schema = table_name_schema(facts)
    return {"name": "name", "in": "path", "required": True, "schema": schema}


def newest_first_parameters(default_limit: int) -> list[Node]:
    """The parameters that `newest_first` parses."""
    limit = whole_number_schema(1, 1000, default_limit)
    before = whole_number_schema(1, MAX_ID)
    return [
        query("limit", limit, "At most so many."),
        query("before", before, "Only those of a lower number."),
    ]


def declared_only(*names: str) -> None:
    """Raise for a query with a parameter of another name, or with one given twice."""
    check_declared(request.args, names, f"parameter of {cut(request.path)}")
    for name in request.args:
        single(name)


def check_declared(given: Iterable[str], declared: Iterable[str], what: str) -> None:
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
    return default if text is None else filters.whole_number(name, text, least, most)


def one_of(name: str, choices: Sequence[Choice]) -> Choice:
    """A query parameter that is one of the choices, by default the first.

    Raises BadParameter.
    """
    text = single(name)
    if text is None:
        return choices[0]
    if text not in choices:
        raise BadParameter(
            f"{name} must be one of {', '.join(choices)}, not {quoted(text)}"
        )
    return choices[choices.index(text)]


def flag(name: str) -> bool:
    """A boolean query parameter, by default false; raises BadParameter."""
    return one_of(name, ("false", "true")) == "true"


def single(name: str) -> str | None:
    """The one value of a query parameter, if it is given; raises BadParameter."""
    return filters.single_value(name, request.args.getlist(name))


def newest_first(default_limit: int) -> tuple[int, int]:
    """The parameters `limit` and `before` of a list with its newest entries first."""
    declared_only("limit", "before")
    limit = whole_number("limit", default_limit, 1, 1000)
    return limit, whole_number("before", MAX_ID, 1, MAX_ID)


def check_form_fields(*names: str) -> None:
    """Raise for a form with a field or file of another name, or with one given twice.

    Of two files one would be lost in silence.
    """
    check_declared([*request.form, *request.files], names, "field of the form")
    for name in names:
        times = len(request.form.getlist(name)) + len(request.files.getlist(name))
        if times > 1:
            raise BadParameter(
                f"The form has {name} {times} times; send one in each request."
            )


@dataclass(frozen=True)
class Preferences:
    """The preferences of a request, as in RFC 7240; `wait` is in seconds."""

    respond_async: bool = False
    wait: float | None = None
    strict: bool = False
    lenient: bool = False
    minimal: bool = False

    @property
    def applied(self) -> str:
        """The preferences that are honoured, for the header Preference-Applied."""
        honoured = {
            "respond-async": self.respond_async,
            "handling=strict": self.strict,
            "handling=lenient": self.lenient,
            "return=minimal": self.minimal,
        }
        return ", ".join(name for name, asked in honoured.items() if asked)


def preferences() -> Preferences:
    """The preferences of the request; unknown ones are ignored, as RFC 7240 says."""
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
    """The value of a boolean field, by default false; raises BadParameter."""
    if given is None or given is False or given == "false":
        return False
    if given is True or given == "true":
        return True
    shown = quoted(given) if isinstance(given, str) else type(given).__name__
    raise BadParameter(f"{name} must be true or false, not {shown}")


def is_dry_run(field: object = None) -> bool:
    """Whether a field of the form or body, or the query, asks for a dry run."""
    given = (field, single("dry_run"))
    values = [is_true("dry_run", value) for value in given]
    return any(values)


def idempotency_key() -> str | None:
    """The request's Idempotency-Key, if it has one; raises BadParameter."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadParameter(
            f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters,"
            " such as a UUID."
        )
    return key
