"""Tables that SQL reads by name, bypassing `ref()` and `newest_rows`.

Only certain cases are found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

UPLOADS = "raw"
# Jinja, comments and string literals, which name no table. Quoted names match too, so
# that a quote inside one does not begin a literal, and are kept by `_mask`.
NOT_SQL = re.compile(
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\"[^\"\n]*\"",
    re.DOTALL,
)
# A source() of uploads, which is masked as a table of the schema STORED_NAME.
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
class KnownTables:
    """The tables of uploads and those built by dbt, in lower case."""

    uploads: Collection[str]
    built: Collection[str]


def hard_coded_tables(
    sql: str, known: KnownTables, is_model: bool = True
) -> Iterator[tuple[int, str]]:
    """Each table read by name: the line, and what to write instead.

    A bare `source()` of an upload table is a defect in a model, not in a test.
    """
    text = masked_sql(sql)
    for match in NAMED.finditer(text):
        schema, table = match["schema"].lower(), match["table"]
        is_stored = schema == STORED_NAME
        is_upload = is_stored or schema == UPLOADS
        if table.lower() not in (known.uploads if is_upload else known.built):
            continue
        # After a comma it may be a column of an alias that has the schema's name.
        alias = rf"\b{schema}\b(?!{QUOTE}\s*\.)"
        if match["place"].startswith(",") and re.search(alias, text, re.IGNORECASE):
            continue
        if is_stored and not is_model:
            continue
        what = f"source('raw', '{table}')" if is_stored else f"{schema}.{table}"
        line = text.count("\n", 0, match.start("schema")) + 1
        yield line, f"{what} is read as it is; {_instead(table, is_upload)}"


def masked_sql(sql: str) -> str:
    """The SQL without Jinja, comments and string literals, with the same lines."""
    return NOT_SQL.sub(_mask, sql)


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


def _mask(match: re.Match[str]) -> str:
    """As many lines without a name; an expression or a literal becomes 0."""
    text = match[0]
    if text.startswith('"'):
        return text
    if stored := STORED.fullmatch(text):
        return f"{STORED_NAME}.{stored[1]}" + "\n" * text.count("\n")
    return ("0" if text.startswith(("{{", "'")) else " ") + "\n" * text.count("\n")
