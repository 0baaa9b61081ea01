"""What a model's error means, and what to do about it, where that can be told."""

from __future__ import annotations

import re
from collections.abc import Collection

from api.builder.runs import messages
from api.builder.runs.facts import Node

CANNOT_STORE = re.compile(r"cannot store (\w+) value in \w+ column \S+?\.(\S+)")
VALUES = {
    "TEXT": "a text",
    "REAL": "a fraction",
    "INT": "a whole number",
    "BLOB": "bytes",
}
DISAGREE = re.compile(
    r"disagree about its columns\.(?: Built but not documented: (?P<built>.*?)\.)?"
    r"(?: Documented but not built: (?P<documented>.*?)\.)?$"
)
# As SQLite calls the second of two columns of one name.
SECOND = re.compile(r"(.+):\d+")


def advised(model: Node, summary: str) -> tuple[str, int | None]:
    """The error in other words, or with a hint, and the line where that is known."""
    if found := CANNOT_STORE.search(summary):
        return _misfit(model, found[1], found[2])
    if found := DISAGREE.search(summary):
        twice = SECOND.fullmatch((found["built"] or "").split(", ")[0])
        if twice:
            return f"its SQL has two columns {twice[1]}; give one another name", None
        missing = (found["documented"] or "").split(", ")
        return _without_comma(model, summary, missing)
    return summary, None


def _misfit(model: Node, stored: str, column: str) -> tuple[str, int | None]:
    data_type = model["columns"].get(column, {}).get("data_type")
    what = VALUES.get(stored, stored)
    return (
        f"its column {column} has {what} in a row, and its YAML says {data_type}; cast"
        " it in the SQL, or change data_type",
        messages.line_of(column, model["raw_code"]),
    )


def _without_comma(
    model: Node, summary: str, missing: Collection[str]
) -> tuple[str, int | None]:
    """Of `a b` with no comma between SQL makes one column, a by the name of b."""
    code = model["raw_code"]
    names = "|".join(map(re.escape, model["columns"]))
    for column in missing:
        found = re.search(rf"\b{re.escape(column)}\s+(?:\w+\.)?({names})\b", code)
        if column and found:
            line = code.count("\n", 0, found.start()) + 1
            return f"{summary} Is a comma missing after {column}?", line
    return summary, None
