"""Compiled SQL parsed by sqlglot: its queries, and the origin of their columns."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from api.builder.runs.sql_lint.relations import Relation

# It logs SQL that it cannot resolve, which is skipped here.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

MOST_TEXT = 80
# The SQL types of the YAML's types, as far as divisions depend on them.
STORED = {
    "sqlite": {"integer": "bigint", "boolean": "bigint", "real": "double"},
    "postgres": {"integer": "bigint", "real": "double precision"},
}
# Expressions that wrap an aggregate, and aggregates that sqlglot does not know.
AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
OTHER_AGGREGATES = ("total", "json_group_array", "json_group_object")


class ParsedSql:
    """One statement with its names resolved; raises sqlglot's errors.

    `schema` has the columns of the relations it reads.
    """

    def __init__(self, sql: str, dialect: str, read: Sequence[Relation]) -> None:
        self.dialect = dialect
        self._sql = sql
        self._unique: dict[str, Sequence[frozenset[str]]] = {}
        types, columns = STORED[dialect], dict[str, Any]()
        for relation in read:
            table = exp.to_table(relation.name, dialect=dialect)
            self._unique[_key(table)] = relation.unique
            level = columns
            for part in table.parts[:-1]:
                level = level.setdefault(part.name, {})
            level[table.name] = {
                column: types.get(data_type, "unknown")
                for column, data_type in relation.columns
            }
        self.schema = MappingSchema(columns or None, dialect=dialect)
        tree = sqlglot.parse_one(sql, dialect=dialect)
        self._store_texts(tree)
        self.tree = qualify(
            tree,
            dialect=dialect,
            schema=self.schema,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        self.scopes = traverse_scope(self.tree)
        self._by_query = {id(scope.expression): scope for scope in self.scopes}
        for scope in self.scopes:
            _qualify_columns(scope)

    def text_of(self, node: exp.Expr) -> str:
        """The node as written; of a column that a star expands to, its name."""
        text = node.meta.get("text")
        return text if isinstance(text, str) else node.alias_or_name

    def line_of(self, node: exp.Expr) -> int | None:
        lines = [part.meta["line"] for part in node.walk() if "line" in part.meta]
        return min(lines, default=None)

    def source_of(self, column: exp.Column) -> Scope | exp.Table | None:
        """The query or table that a column belongs to; None where that is uncertain."""
        query = column.find_ancestor(exp.Select)
        scope = self._by_query.get(id(query))
        while scope and column.table:
            source = scope.sources.get(column.table)
            if isinstance(source, (Scope, exp.Table)):
                return source
            scope = scope.parent
        return None

    def defined_by(self, column: exp.Column) -> Iterator[exp.Expr]:
        """The expressions that define it in its query: one for each part of a union."""
        source = self.source_of(column)
        if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
            yield from outputs(source.expression).get(column.name, ())

    def unique_in(self, source: Scope | exp.Table | None) -> list[frozenset[str]]:
        """The unique keys of a source; the empty key where it has a single row."""
        if isinstance(source, exp.Table):
            return list(self._unique.get(_key(source), ()))
        if source is None or not isinstance(source.expression, exp.Select):
            return []
        select = source.expression
        columns = {p.alias_or_name: p.unalias() for p in select.selects}
        if group := select.args.get("group"):
            keys = [key.unnest() for key in group.expressions]
            return _all_named(keys, columns)
        if any(aggregates(projection) for projection in select.selects):
            return [frozenset()]
        if select.args.get("distinct"):
            return [frozenset(columns)]
        if select.args.get("joins") or len(source.selected_sources) != 1:
            return []
        (alias, (_, inner)) = next(iter(source.selected_sources.items()))
        return [
            names
            for key in self.unique_in(inner)
            for names in _all_named([exp.column(c, alias) for c in key], columns)
        ]

    def _store_texts(self, tree: exp.Expr) -> None:
        """Store each node's text before `qualify` replaces names."""
        for node in tree.find_all(exp.Column, exp.Div):
            places = [part.meta for part in node.walk() if "start" in part.meta]
            if places:
                start = min(place["start"] for place in places)
                end = max(place["end"] for place in places) + 1
                text = _closed(self._sql, start, end)
                if isinstance(node, exp.Div) and not self._parses_as(text, node):
                    text = self._whole_text(node, start, end)
                node.meta["text"] = _shortened(text)

    def _whole_text(self, node: exp.Expr, start: int, end: int) -> str:
        """The text with keywords without a position around it: `cast(`, `over ()`."""
        tokens = sqlglot.tokenize(self._sql, dialect=self.dialect)
        starts = [token.start for token in tokens if token.start < start][-2:]
        after = [token for token in tokens if token.end >= end][:4]
        ends = [t.end + 1 for t in after if t.text.lower() in (")", "end")]
        for first, last in product([start, *starts[::-1]], [*ends[::-1], end]):
            text = self._sql[first:last]
            if self._parses_as(text, node):
                return text
        return node.sql(self.dialect)

    def _parses_as(self, text: str, node: exp.Expr) -> bool:
        try:
            return sqlglot.parse_one(text, dialect=self.dialect) == node
        except SqlglotError:
            return False


def _qualify_columns(scope: Scope) -> None:
    """Give columns the table of a query that reads only one; it may have no YAML."""
    if scope.is_subquery or len(scope.selected_sources) != 1:
        return
    (alias,) = scope.selected_sources
    for column in scope.expression.find_all(exp.Column):
        if not column.table and column.find_ancestor(exp.Select) is scope.expression:
            column.set("table", exp.to_identifier(alias))


def outputs(query: exp.Query) -> dict[str, list[exp.Expr]]:
    """The expressions that a query selects, by column: one for each part of a union."""
    parts = list(_parts(query))
    names = [projection.alias_or_name for projection in parts[0].selects]
    found: dict[str, list[exp.Expr]] = {}
    for part in parts:
        # A star that could not be resolved has unknown columns.
        if len(part.selects) == len(names):
            for name, projection in zip(names, part.selects, strict=True):
                found.setdefault(name, []).append(projection.unalias())
    return found


def aggregates(node: exp.Expr) -> list[exp.Expr]:
    """The aggregates of a query at or below a node."""
    return [part for part in _of_this_query(node) if makes_groups(part)]


def makes_groups(node: exp.Expr) -> bool:
    """Whether a node is an aggregate, filtered or not, and no window function."""
    while isinstance(node.parent, AROUND) and node.parent.this is node:
        node = node.parent
    parent = node.parent
    if isinstance(parent, exp.Window) and parent.this is node:
        return False
    while isinstance(node, AROUND):
        node = node.this
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in OTHER_AGGREGATES
    # `max(a, b)` is no aggregate.
    is_scalar = isinstance(node, (exp.Max, exp.Min)) and node.expressions
    return isinstance(node, exp.AggFunc) and not is_scalar


def _of_this_query(node: exp.Expr) -> Iterator[exp.Expr]:
    """A node and all below it, except inside subqueries."""
    for part in node.walk(prune=lambda n: isinstance(n, exp.Query)):
        if not isinstance(part, exp.Query):
            yield part


def _parts(query: exp.Expr) -> Iterator[exp.Select]:
    inner = query.unnest()
    if isinstance(inner, exp.SetOperation):
        yield from _parts(inner.this)
        yield from _parts(inner.expression)
    elif isinstance(inner, exp.Select):
        yield inner


def _all_named(
    keys: Sequence[exp.Expr], columns: dict[str, exp.Expr]
) -> list[frozenset[str]]:
    """The key of these expressions' names, if all of them are selected columns."""
    names = [next((n for n, c in columns.items() if c == key), None) for key in keys]
    return [] if None in names else [frozenset(n for n in names if n is not None)]


def _key(table: exp.Table) -> str:
    return ".".join(part.name.lower() for part in table.parts)


def _closed(sql: str, start: int, end: int) -> str:
    """The text between two positions, extended to matching parentheses."""
    depth = lowest = 0
    for sign in sql[start:end]:
        depth += (sign == "(") - (sign == ")")
        lowest = min(lowest, depth)
    for _ in range(-lowest):
        start = sql.rindex("(", 0, start)
    for _ in range(depth - lowest):
        end = sql.index(")", end) + 1
    return sql[start:end]


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."
