"""Warnings about SQL that gives wrong numbers although its tests pass.

Calls of random functions; a selected column without its `group by`, of which SQLite
returns any value; and whole numbers divided for a column of fractions, on SQLite and
PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from api.builder.runs import messages
from api.builder.runs.audit import EPHEMERAL
from api.builder.runs.facts import Node, Nodes
from api.builder.runs.failures import Failure, failure, line_of_file
from api.builder.runs.sql_lint.relations import LintWarning, Relation
from api.contract.hard_coded_names import masked_sql

WARNING = "This is a warning: it holds back no numbers."
# Spark rejects a column without its `group by`, and divides to fractions.
DIALECTS = ("sqlite", "postgres")
# Calls with a seed return the same values each time, and do not match.
RANDOM = re.compile(
    r"\b((?:random|rand|gen_random_uuid|uuid)\s*\(\s*\)|randomblob\s*\()", re.IGNORECASE
)
# Only SQL with one of these is parsed.
GROUPED = re.compile(
    r"\bgroup\s+by\b|\b(?:count|sum|total|avg|min|max|group_concat|json_group_\w+)\s*\(",
    re.IGNORECASE,
)
# Parsing longer SQL would take a second.
MOST_CHARACTERS = 50_000
# More than the models of a project, so that only SQL since changed is dropped.
CACHE_SIZE = 4096

UniqueKeys = Mapping[str, set[frozenset[str]]]


def lint_warnings(
    nodes: Nodes, texts: Mapping[str, str], dialect: str
) -> list[Failure]:
    """The warnings about the models' SQL, compiled where it was.

    `texts` are the project's files as they are now; see `failures_of`.
    """
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    found = [
        _warning(model, explanation, None)
        for model in models
        if (explanation := _random_call(model.get("raw_code") or ""))
    ]
    if dialect in DIALECTS:
        unique = _unique_keys(nodes)
        found += [
            _warning(model, warning.explanation, _line_of(model, warning, texts))
            for model in models
            if model.get("compiled_code")
            for warning in _compiled_warnings(model, nodes, unique, dialect)
        ]
    return found


def _warning(model: Node, explanation: str, line: int | None) -> Failure:
    name, file = model["name"], model["original_file_path"]
    text = f"{name} {explanation} {WARNING}"
    return failure(name, "model", file, None, text, status="warn", line=line)


def _random_call(sql: str) -> str | None:
    """What a model does if its SQL, with Jinja or without, calls a random function."""
    found = RANDOM.search(masked_sql(sql))
    if found is None:
        return None
    return f"calls {found[1].rstrip('( )')}(): its numbers are others in each build."


def _compiled_warnings(
    node: Node, nodes: Nodes, unique: UniqueKeys, dialect: str
) -> tuple[LintWarning, ...]:
    sql = node["compiled_code"]
    columns = node["columns"].values()
    fractions = tuple(c["name"] for c in columns if c.get("data_type") == "real")
    divides = bool(fractions) and "/" in sql
    groups = dialect == "sqlite" and GROUPED.search(sql)
    if not (divides or groups) or len(sql) > MOST_CHARACTERS:
        return ()
    read = tuple(
        Relation(
            read["relation_name"],
            tuple(
                (column["name"], column.get("data_type") or "")
                for column in read["columns"].values()
            ),
            tuple(sorted(unique.get(id, ()), key=sorted)),
        )
        for id, read in _relations_read(node, nodes)
    )
    return warnings_in(sql, dialect, read, fractions)


@lru_cache(maxsize=CACHE_SIZE)
def warnings_in(
    sql: str, dialect: str, read: tuple[Relation, ...], fractions: tuple[str, ...]
) -> tuple[LintWarning, ...]:
    """The warnings about compiled SQL; `fractions` are its columns of type real.

    Cached, because the builder judges the same SQL after each load. The parser is
    imported on the first use: importing it takes longer than judging a run.
    """
    from api.builder.runs.sql_lint.divisions import divisions_in
    from api.builder.runs.sql_lint.grouping import ungrouped_in
    from api.builder.runs.sql_lint.parsed_sql import ParsedSql

    # sqlglot may raise anything for SQL that it cannot parse, or resolve; no build
    # fails for a warning.
    with suppress(Exception):
        parsed = ParsedSql(sql, dialect, read)
        found = list(divisions_in(parsed, fractions)) if fractions else []
        if dialect == "sqlite":
            found += ungrouped_in(parsed)
        return tuple(sorted(found, key=lambda warning: warning.line or 0))
    return ()


def _relations_read(node: Node, nodes: Nodes) -> Iterator[tuple[str, Node]]:
    """The relations that a node's SQL reads, also through ephemeral models."""
    for id in node["depends_on"]["nodes"]:
        read = nodes.get(id)
        if read is None:
            continue
        if read["config"].get("materialized") == EPHEMERAL:
            yield from _relations_read(read, nodes)
        elif read.get("relation_name"):
            yield id, read


def _unique_keys(nodes: Nodes) -> UniqueKeys:
    """The unique keys of each relation, by id: of passed tests and of `unique_key`."""
    found: dict[str, set[frozenset[str]]] = {}
    for id, node in nodes.items():
        metadata = node.get("test_metadata")
        if metadata and metadata["name"] == "unique" and node.get("attached_node"):
            column = str(metadata["kwargs"].get("column_name")).lower()
            found.setdefault(node["attached_node"], set()).add(frozenset([column]))
        key = node["config"].get("unique_key")
        if key and node["resource_type"] == "model":
            keys = [key] if isinstance(key, str) else key
            found.setdefault(id, set()).add(frozenset(map(str.lower, keys)))
    return found


def _line_of(model: Node, warning: LintWarning, texts: Mapping[str, str]) -> int | None:
    """The line in the model's file; None where Jinja makes that uncertain."""
    code = model["raw_code"]
    line = _same_line(model["compiled_code"], code, warning.line)
    return line_of_file(model, line or messages.line_of(warning.about, code), texts)


def _same_line(compiled: str, raw: str, line: int | None) -> int | None:
    """The line of the raw SQL that a compiled line comes from unchanged."""
    rows = [row.strip() for row in raw.splitlines()]
    others = [row.strip() for row in compiled.splitlines()]
    if line is None or line > len(others):
        return None
    row = others[line - 1]
    if rows.count(row) != others.count(row):
        return None
    before = others[: line - 1].count(row)
    return [at for at, other in enumerate(rows, 1) if other == row][before]
