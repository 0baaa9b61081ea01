"""Tables of the warehouse that SQL reads past `ref()` and `newest_rows`.

Of SQL nothing else is looked at, and only what is certain is found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

UPLOADS = "raw"
# What names no table: Jinja, comments and texts. A quoted name is none of these.
ASIDE = re.compile(
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\"[^\"\n]*\"",
    re.DOTALL,
)
# An upload table as it is stored, which stands in SQL as a name of its own from here.
STORED = re.compile(
    r"\{\{-?\s*source\(\s*['\"]raw['\"]\s*,\s*['\"](\w+)['\"]\s*\)\s*-?\}\}"
)
STORED_NAME = "§"
QUOTE = r'["`\[\]]?'
NAMED = re.compile(
    r"(?P<place>\b(?:from|join)\s+(?:lateral\s+|only\s+)?|,\s*)"
    rf"(?:{QUOTE}\w+{QUOTE}\.)?"
    rf"{QUOTE}(?P<schema>raw|main|published|{STORED_NAME}){QUOTE}\s*\.\s*"
    rf"{QUOTE}(?P<table>\w+)\b(?!{QUOTE}\s*[.(])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Known:
    """Tables that there are, in small letters: of uploads, and built by dbt."""

    uploads: Collection[str]
    built: Collection[str]


def tables_named(
    sql: str, known: Known, is_model: bool = True
) -> Iterator[tuple[int, str]]:
    """What is read by its name: the line, and what to write instead.

    A model may not read an upload table by `source()` alone either; a test may.
    """
    text = bare(sql)
    for found in NAMED.finditer(text):
        schema, table = found["schema"].lower(), found["table"]
        is_stored = schema == STORED_NAME
        is_upload = is_stored or schema == UPLOADS
        if table.lower() not in (known.uploads if is_upload else known.built):
            continue
        # After a comma it may be a column of something that is called so here.
        alias = rf"\b{schema}\b(?!{QUOTE}\s*\.)"
        if found["place"].startswith(",") and re.search(alias, text, re.IGNORECASE):
            continue
        if is_stored and not is_model:
            continue
        what = f"source('raw', '{table}')" if is_stored else f"{schema}.{table}"
        line = text.count("\n", 0, found.start("schema")) + 1
        yield line, f"{what} is read as it is; {_instead(table, is_upload)}"


def bare(sql: str) -> str:
    """The SQL without Jinja, comments and texts, on the lines where it stands."""
    return ASIDE.sub(_blank, sql)


def _instead(table: str, is_upload: bool) -> str:
    if is_upload:
        return (
            "rows that were undone, replaced or corrected are in it. Write"
            f" {{{{ newest_rows(source('raw', '{table}'), unique_key=...) }}}} or ref a"
            " model that does"
        )
    return (
        "dbt does not see that it has to be built before. Write"
        f" {{{{ ref('{table}') }}}}"
    )


def _blank(found: re.Match[str]) -> str:
    """As many lines that name nothing; an expression or a text is something still."""
    text = found[0]
    if text.startswith('"'):
        return text
    if stored := STORED.fullmatch(text):
        return f"{STORED_NAME}.{stored[1]}" + "\n" * text.count("\n")
    return ("0" if text.startswith(("{{", "'")) else " ") + "\n" * text.count("\n")
