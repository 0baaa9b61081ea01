"""SQL of models that gives wrong numbers and passes its tests: told as warnings.

What gives values by chance; a selected column without its `group by`, which SQLite
answers with any of its values; and whole numbers divided for a column of fractions, on
SQLite and PostgreSQL.
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
from api.builder.runs.sql_lint.chance import chance_in
from api.builder.runs.sql_lint.relations import Relation, Slip

WARNING = "This is a warning: it holds back no numbers."
# Spark refuses a column without its `group by`, and divides to fractions.
DIALECTS = ("sqlite", "postgres")
# Only SQL that has some of these is parsed.
GROUPED = re.compile(
    r"\bgroup\s+by\b|\b(?:count|sum|total|avg|min|max|group_concat|json_group_\w+)\s*\(",
    re.IGNORECASE,
)
# Of what is longer, parsing would take a second.
MOST_CHARACTERS = 50_000
# The projects of one builder have fewer models; what was changed is soon forgotten.
MOST_REMEMBERED = 4096


def warnings_of_slips(
    nodes: Nodes, texts: Mapping[str, str], dialect: str
) -> list[Failure]:
    """One for each slip in the SQL of the models, what they compiled to where they did.

    `texts` are the project's files as they are here; see `failures_of`.
    """
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    found = [
        _warning(model, words, None)
        for model in models
        if (words := chance_in(model.get("raw_code") or ""))
    ]
    if dialect in DIALECTS:
        unique = _unique_columns(nodes)
        found += [
            _warning(model, slip.words, _line_of(model, slip, texts))
            for model in models
            if model.get("compiled_code")
            for slip in _slips_of(model, nodes, unique, dialect)
        ]
    return found


def _warning(model: Node, words: str, line: int | None) -> Failure:
    name, file = model["name"], model["original_file_path"]
    words = f"{name} {words} {WARNING}"
    return failure(name, "model", file, None, words, status="warn", line=line)


def _slips_of(
    node: Node, nodes: Nodes, unique: Mapping[str, set[frozenset[str]]], dialect: str
) -> tuple[Slip, ...]:
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
        for id, read in _read_by(node, nodes)
    )
    return found_in(sql, dialect, read, fractions)


@lru_cache(maxsize=MOST_REMEMBERED)
def found_in(
    sql: str, dialect: str, read: tuple[Relation, ...], fractions: tuple[str, ...]
) -> tuple[Slip, ...]:
    """The slips in compiled SQL; `fractions` are its columns of type real.

    Remembered, for the builder judges the same SQL after each load. The parser is
    imported when something is parsed, which takes longer than that judgement.
    """
    from api.builder.runs.sql_lint.divisions import divisions_in
    from api.builder.runs.sql_lint.grouping import ungrouped_in
    from api.builder.runs.sql_lint.parsed_sql import ParsedSql

    # sqlglot has errors of its own for what it cannot parse, and others for what it
    # can: a warning is never worth a build.
    with suppress(Exception):
        parsed = ParsedSql(sql, dialect, read)
        found = list(divisions_in(parsed, fractions)) if fractions else []
        if dialect == "sqlite":
            found += ungrouped_in(parsed)
        return tuple(sorted(found, key=lambda slip: slip.line or 0))
    return ()


def _read_by(node: Node, nodes: Nodes) -> Iterator[tuple[str, Node]]:
    """The relations that its SQL reads, those of ephemeral models in it among them."""
    for id in node["depends_on"]["nodes"]:
        read = nodes.get(id)
        if read is None:
            continue
        if read["config"].get("materialized") == EPHEMERAL:
            yield from _read_by(read, nodes)
        elif read.get("relation_name"):
            yield id, read


def _unique_columns(nodes: Nodes) -> Mapping[str, set[frozenset[str]]]:
    """Columns that stand once each in a relation, by its id: tests have passed."""
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


def _line_of(model: Node, slip: Slip, texts: Mapping[str, str]) -> int | None:
    """Where it stands, if that is certain: Jinja has written some of the lines."""
    code = model["raw_code"]
    line = _same_line(model["compiled_code"], code, slip.line)
    return line_of_file(model, line or messages.line_of(slip.about, code), texts)


def _same_line(compiled: str, raw: str, line: int | None) -> int | None:
    """The line that Jinja has left as it was."""
    rows = [row.strip() for row in raw.splitlines()]
    others = [row.strip() for row in compiled.splitlines()]
    if line is None or line > len(others):
        return None
    row = others[line - 1]
    if rows.count(row) != others.count(row):
        return None
    before = others[: line - 1].count(row)
    return [at for at, other in enumerate(rows, 1) if other == row][before]
