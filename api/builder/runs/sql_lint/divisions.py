"""Warns of whole numbers divided for a column of fractions.

SQLite and PostgreSQL return a whole number, Spark a fraction.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.optimizer.annotate_types import TypeAnnotator

from api.builder.runs.sql_lint.parsed_sql import ParsedSql, outputs
from api.builder.runs.sql_lint.relations import LintWarning

WHOLE = tuple(exp.DataType.INTEGER_TYPES)
# Expressions that pass on the value of these arguments. `floor` is not one,
# because it is meant to return whole numbers.
PASSES_ON: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Alias: ("this",),
    exp.Paren: ("this",),
    exp.Neg: ("this",),
    exp.Add: ("this", "expression"),
    exp.Sub: ("this", "expression"),
    exp.Mul: ("this", "expression"),
    exp.Div: ("this", "expression"),
    exp.Round: ("this",),
    exp.Ceil: ("this",),
    exp.Abs: ("this",),
    exp.Sum: ("this",),
    exp.Avg: ("this",),
    exp.Max: ("this", "expressions"),
    exp.Min: ("this", "expressions"),
    exp.Greatest: ("this", "expressions"),
    exp.Least: ("this", "expressions"),
    exp.Coalesce: ("this", "expressions"),
    exp.Nullif: ("this",),
    exp.Case: ("ifs", "default"),
    exp.If: ("true", "false"),
    exp.Window: ("this",),
    exp.Filter: ("this",),
    exp.Cast: ("this",),
}
# The expressions whose types are taken from sqlglot. Left out are `round`, which never
# returns a whole number, and functions that differ between the engines.
WELL_TYPED: tuple[type[exp.Expr], ...] = (
    *(exp.Alias, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Div),
    *(exp.Null, exp.Count, exp.Sum, exp.Max, exp.Min, exp.Greatest, exp.Least),
    *(exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Window, exp.Filter, exp.Abs),
    *(exp.DataType, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Length, exp.Subquery),
)
# SQLite has no booleans but 0 and 1.
BOOLEANS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Not, exp.In)


def divisions_in(
    parsed: ParsedSql, fractions: tuple[str, ...]
) -> Iterator[LintWarning]:
    """A warning for each division, about the first column that it is for."""
    TypeAnnotator(parsed.schema, _types(parsed.dialect)).annotate(parsed.tree)
    columns = outputs(parsed.tree) if isinstance(parsed.tree, exp.Query) else {}
    seen: set[int] = set()
    for name in fractions:
        for output in columns.get(name.lower(), columns.get(name, [])):
            for division in _divisions(output, parsed, seen):
                text = parsed.text_of(division)
                yield LintWarning(
                    f"divides whole numbers for its column {name}, `{text}`: the result"
                    f" has no fraction. Write `1.0 * {text}`, or cast one of them.",
                    text,
                    parsed.line_of(division),
                )


def _divisions(node: exp.Expr, parsed: ParsedSql, seen: set[int]) -> Iterator[exp.Div]:
    """The divisions of whole numbers in the value of an expression."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, exp.Column):
        for defined in parsed.defined_by(node):
            yield from _divisions(defined, parsed, seen)
    elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        yield from _divisions(node.this.selects[0].unalias(), parsed, seen)
    if isinstance(node, exp.Div) and _loses_fraction(node):
        yield node
    if isinstance(node, exp.Cast) and node.to.is_type(*WHOLE):
        return
    for name in PASSES_ON.get(type(node), ()):
        arguments = node.args.get(name)
        for argument in arguments if isinstance(arguments, list) else [arguments]:
            if isinstance(argument, exp.Expr):
                yield from _divisions(argument, parsed, seen)


def _loses_fraction(division: exp.Div) -> bool:
    """Whether it drops a fraction by accident; `x / y * y` does so on purpose."""
    left, right = division.left.unnest(), division.right.unnest()
    above = division.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    if isinstance(above, exp.Mul):
        factors = (above.left.unnest(), above.right.unnest())
        return right not in factors and _are_whole(left, right)
    return _are_whole(left, right)


def _are_whole(left: exp.Expr, right: exp.Expr) -> bool:
    """Whether both are whole numbers, except literals with a whole quotient."""
    if not (left.is_type(*WHOLE) and right.is_type(*WHOLE)):
        return False
    is_written = isinstance(left, exp.Literal) and isinstance(right, exp.Literal)
    return not is_written or int(left.name) % (int(right.name) or 1) != 0


@cache
def _types(dialect: str) -> dict[type[exp.Expr], dict[str, Any]]:
    """How sqlglot infers types, limited to what is certain for the dialect."""
    known = Dialect.get_or_raise(dialect).EXPRESSION_METADATA
    types: dict[type[exp.Expr], dict[str, Any]]
    types = {kind: known[kind] for kind in WELL_TYPED}
    types[exp.Literal] = {"annotator": _annotate_literal}
    types[exp.Cast] = {"annotator": _annotate_cast}
    if dialect == "postgres":
        types[exp.Sum] = {"annotator": _annotate_sum_on_postgres}
    else:
        types |= {kind: {"returns": exp.DType.BIGINT} for kind in BOOLEANS}
    return types


def _annotate_literal(annotator: TypeAnnotator, literal: exp.Literal) -> None:
    """A string may hold any number, so its type is unknown."""
    kind = exp.DType.INT if literal.is_int else exp.DType.DOUBLE
    annotator._set_type(literal, exp.DType.UNKNOWN if literal.is_string else kind)


def _annotate_cast(annotator: TypeAnnotator, cast: exp.Cast) -> None:
    """SQLite stores a `decimal` as a whole number where it can: its type is unknown."""
    is_sure = cast.to.is_type(*WHOLE, *exp.DataType.FLOAT_TYPES)
    annotator._set_type(cast, cast.to if is_sure else exp.DType.UNKNOWN)


def _annotate_sum_on_postgres(annotator: TypeAnnotator, total: exp.Sum) -> None:
    """The sum of a stored column, a `bigint`, is `numeric`, which has fractions."""
    is_small = total.this.is_type(exp.DType.INT)
    annotator._set_type(total, exp.DType.BIGINT if is_small else exp.DType.UNKNOWN)
