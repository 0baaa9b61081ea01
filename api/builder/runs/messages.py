"""Texts of dbt and of databases: what may be shown of them, and what they mean."""

from __future__ import annotations

import re
import textwrap

MOST_CHARACTERS = 500

COLOURS = re.compile(r"\x1b\[[0-9;]*m|\r")
JAVA_STACK = re.compile(
    r"^\s+at [\w.$]+[./].*\n?"
    r"|^\s*(?:Caused by|Suppressed): (?s:.*?)\.\.\. \d+ more\n?",
    re.MULTILINE,
)
COMPILED_AT = re.compile(r"^ *compiled code at .*$", re.MULTILINE)
HEADING = re.compile(r"^ *\w+ Error(?: in .*)?$", re.MULTILINE)
# The way there, quotations and advice.
REST = re.compile(r"\n *(?:> in |line \d+\n|LINE \d+:|-----)| This can happen when ")
# Spark names an error twice, each time with its class, and then how it read the SQL.
SPARK_CLASS = re.compile(r"(?:\w+\.)+\w+Exception: |Error running query: \[[\w.]+\]")
SPARK_REST = re.compile(r"\s*SQLSTATE: \w{5}")
SPARK_AWAY = "failed to connect: TTransportException:"
# Where dbt keeps its own record, which is made when a run starts.
RECORD = re.compile(
    r'(?:no such table: |relation ")(?:main\.)?'
    r'dbt_(?:runs|results|model_states|changes\w*|lease)\b(?:" does not exist)?'
)
NO_RECORD = (
    "dbt keeps no record of this run; in dbt_project.yml on-run-start has to call"
    " start_run(), whatever else it does"
)
IDS = re.compile(r"\b(?:model|seed|test|source|macro|snapshot)\.\w+\.(?=\w)")
# What dbt, or a check of ours, could do nothing with.
NAMED = re.compile(
    r"'(\w+)' is undefined|named '([^']+)' (?:in package '' )?which was not found"
    r"|keyword argument '(\w+)'|Unable to find model '([^']+)'"
    r"|unknown key '([^']+)'|'([^']+)' (?:belongs under|is no file or folder)"
    r"|Built but not documented: (\w+)|there is no '([^']+)' to read"
)


def shown(message: str | None) -> str:
    """dbt's own text, without colours, Java's stacks, and where files are kept here."""
    text = JAVA_STACK.sub("", COLOURS.sub("", message or ""))
    return COMPILED_AT.sub("", text).strip()


def summary(message: str) -> str:
    """What a text of dbt comes down to."""
    body = REST.split(HEADING.split(message)[-1])[0]
    body = SPARK_REST.split(SPARK_CLASS.sub("", body))[0]
    body = body.replace(SPARK_AWAY, "Spark cannot be reached:")
    body = RECORD.sub(NO_RECORD, body).replace("dbt_macro__", "")
    body = " ".join(IDS.sub("", body).split())
    return textwrap.shorten(body, MOST_CHARACTERS, placeholder="...")


def name_in(summary: str) -> str:
    """The name that a summary is about; empty if there is none."""
    found = NAMED.search(summary)
    return found[found.lastindex or 0] if found else ""


def line_of(name: str, code: str) -> int | None:
    """The line on which a name stands, if it is one; comments and literals aside."""
    for part in dict.fromkeys((name, name.split(".")[-1])) if name else ():
        edge = "" if part == ";" else r"\b"
        word = f"{edge}({re.escape(part)}){edge}"
        pattern = r"(?s)\{#.*?#\}|/\*.*?\*/|--[^\n]*" f"|'{word}'|'[^'\n]*'|{word}"
        lines = {
            code.count("\n", 0, found.start()) + 1
            for found in re.finditer(pattern, code)
            if found.lastindex
        }
        if lines:
            return lines.pop() if len(lines) == 1 else None
    return None


def sentence(text: str) -> str:
    """The text with a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def wrong(what: str, line: int | None, summary: str) -> str:
    """`The SQL of NAME is wrong near line 3: no such column: hirez.`"""
    near = f" near line {line}" if line else ""
    return f"{what} is wrong{near}: {sentence(summary)}"
