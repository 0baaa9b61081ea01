"""Messages of dbt and of databases: cleaned, summarized, and searched for a line."""

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
# The traceback, quoted lines and dbt's advice.
DETAILS = re.compile(r"\n *(?:> in |line \d+\n|LINE \d+:|-----)| This can happen when ")
# Spark repeats an error with its Java class, then adds its plan of the SQL.
SPARK_CLASS = re.compile(r"(?:\w+\.)+\w+Exception: |Error running query: \[[\w.]+\]")
SPARK_DETAILS = re.compile(r"\s*SQLSTATE: \w{5}")
SPARK_UNREACHABLE = "failed to connect: TTransportException:"
# The tables in which dbt records runs, created when a run starts.
RECORD_TABLE = re.compile(
    r'(?:no such table: |relation ")(?:main\.)?'
    r'dbt_(?:runs|results|model_states|changes\w*|lease)\b(?:" does not exist)?'
)
NO_RECORD = (
    "dbt keeps no record of this run; in dbt_project.yml on-run-start has to call"
    " start_run(), whatever else it does"
)
IDS = re.compile(r"\b(?:model|seed|test|source|macro|snapshot)\.\w+\.(?=\w)")
# The name that an error of dbt, or of our own checks, is about.
NAMED = re.compile(
    r"'(\w+)' is undefined|named '([^']+)' (?:in package '' )?which was not found"
    r"|keyword argument '(\w+)'|Unable to find model '([^']+)'"
    r"|unknown key '([^']+)'|'([^']+)' (?:belongs under|is no file or folder)"
    r"|Built but not documented: (\w+)|there is no '([^']+)' to read"
)


def cleaned(message: str | None) -> str:
    """dbt's own text, without colours, Java stack traces, and local paths."""
    text = JAVA_STACK.sub("", COLOURS.sub("", message or ""))
    return COMPILED_AT.sub("", text).strip()


def summary(message: str) -> str:
    """What is wrong, without the rest of the message."""
    body = DETAILS.split(HEADING.split(message)[-1])[0]
    body = SPARK_DETAILS.split(SPARK_CLASS.sub("", body))[0]
    body = body.replace(SPARK_UNREACHABLE, "Spark cannot be reached:")
    body = RECORD_TABLE.sub(NO_RECORD, body).replace("dbt_macro__", "")
    body = " ".join(IDS.sub("", body).split())
    return textwrap.shorten(body, MOST_CHARACTERS, placeholder="...")


def name_in(summary: str) -> str:
    """The name that a summary is about; empty if it names none."""
    found = NAMED.search(summary)
    return found[found.lastindex or 0] if found else ""


def line_of(name: str, code: str) -> int | None:
    """The line with a name, if only one has it; comments and literals aside."""
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
    """The text, ending in a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def error_sentence(subject: str, line: int | None, summary: str) -> str:
    """`The SQL of NAME is wrong near line 3: no such column: hirez.`"""
    near = f" near line {line}" if line else ""
    return f"{subject} is wrong{near}: {sentence(summary)}"
