"""Warns of selected columns that are neither in `group by` nor in an aggregate.

PostgreSQL and Spark raise an error, SQLite returns any of the values.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from api.builder.runs.sql_lint.parsed_sql import ParsedSql, aggregates, makes_groups
from api.builder.runs.sql_lint.relations import LintWarning

# The alias of a relation, and a column of it.
Name = tuple[str, str]


def ungrouped_in(parsed: ParsedSql) -> Iterator[LintWarning]:
    """A warning for each query that selects such columns."""
    for scope in parsed.scopes:
        select = scope.expression
        if not isinstance(select, exp.Select) or not _is_grouped(select):
            continue
        group = select.args.get("group")
        keys = [key.unnest() for key in group.expressions] if group else []
        found = [
            column
            for projection in select.selects
            for column in _outside(projection.unalias(), keys)
            if column.table in scope.selected_sources
        ]
        known = _determined(parsed, scope, keys) if found else set()
        found = [column for column in found if not _is_known(column, known)]
        if found and not _is_of_extreme(select):
            names = list(dict.fromkeys(parsed.text_of(column) for column in found))
            line = parsed.line_of(found[0])
            yield LintWarning(_explanation(names, bool(group)), names[0], line)


def _explanation(names: list[str], has_group: bool) -> str:
    listed = ", ".join(names)
    if not has_group:
        return (
            f"selects {listed} beside an aggregate and has no `group by`: its one row"
            f" shows any of the values. Write `group by {listed}`."
        )
    is_one = len(names) == 1
    return (
        f"selects {listed}, which {'is' if is_one else 'are'} neither in `group by` nor"
        f" in an aggregate: each row shows any of the values. Add {listed} to `group"
        f" by`, or write `max({names[0]})`."
    )


def _is_grouped(select: exp.Select) -> bool:
    group = select.args.get("group")
    if group:
        # False for rollups, cubes and anything else but a list of expressions.
        return {name for name, value in group.args.items() if value} == {"expressions"}
    having = select.args.get("having")
    return bool(having) or any(aggregates(projection) for projection in select.selects)


def _is_of_extreme(select: exp.Select) -> bool:
    """Whether the query has one maximum or minimum.

    SQLite documents that the other columns then come from the row that has it.
    """
    clauses = [*select.selects, select.args.get("having"), select.args.get("order")]
    found = [a for clause in clauses if clause for a in aggregates(clause)]
    return len([a for a in found if isinstance(a, (exp.Max, exp.Min))]) == 1


def _outside(node: exp.Expr, keys: list[exp.Expr]) -> Iterator[exp.Column]:
    """Columns of this query outside its aggregates and its `group by`."""
    if isinstance(node, exp.Query) or node in keys or makes_groups(node):
        return
    if not isinstance(node, exp.Column):
        for child in node.iter_expressions():
            yield from _outside(child, keys)
    elif not node.is_star:
        yield node


def _determined(parsed: ParsedSql, scope: Scope, keys: list[exp.Expr]) -> set[Name]:
    """Columns with one value in each group; `(alias, "*")` is all of a relation.

    Keys of the group, columns that equal a literal or a known column, and the columns
    of a relation whose unique key is known.
    """
    known = {(column.table, column.name) for key in keys for column in _same(key)}
    equal = [pair for two in _equalities(scope.expression) for pair in (two, two[::-1])]
    unique = {
        alias: parsed.unique_in(source)
        for alias, (_, source) in scope.selected_sources.items()
    }
    before = -1
    while before != len(known):
        before = len(known)
        for one, other in equal:
            if isinstance(other, exp.Column) and _is_known(one, known):
                known.add((other.table, other.name))
        for alias, several in unique.items():
            if any({(alias, name) for name in names} <= known for names in several):
                known.add((alias, "*"))
                known |= {(alias, name) for names in several for name in names}
    return known


def _same(key: exp.Expr) -> list[exp.Column]:
    """The columns of a key: one, or for a join by `using` one of each table."""
    parts = [key.this, *key.expressions] if isinstance(key, exp.Coalesce) else [key]
    columns = [part for part in parts if isinstance(part, exp.Column)]
    is_one = len(columns) == len(parts) and len({c.name for c in columns}) == 1
    return columns if is_one else []


def _is_known(node: exp.Expr, known: set[Name]) -> bool:
    if isinstance(node, exp.Column):
        return bool({(node.table, node.name), (node.table, "*")} & known)
    return isinstance(node, exp.Literal)


def _equalities(select: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Expressions that `where` or a join's condition makes equal."""
    where = select.args.get("where")
    conditions = [where.this] if where else []
    conditions += [join.args.get("on") for join in select.args.get("joins") or ()]
    for condition in filter(None, conditions):
        is_and = isinstance(condition, exp.And)
        for part in condition.flatten() if is_and else [condition.unnest()]:
            if isinstance(part, exp.EQ):
                yield part.left.unnest(), part.right.unnest()
