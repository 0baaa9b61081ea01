"""Whole numbers that are divided for a column of fractions.

SQLite and PostgreSQL answer a whole number, Spark a fraction.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.optimizer.annotate_types import TypeAnnotator

from api.builder.runs.sql_lint.parsed_sql import ParsedSql, outputs
from api.builder.runs.sql_lint.relations import Slip

WHOLE = tuple(exp.DataType.INTEGER_TYPES)
# What hands on the value of its arguments, by their names: `ceil` does, `floor` asks
# for a whole number.
CARRIES: dict[type[exp.Expr], tuple[str, ...]] = {
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
# Of these alone sqlglot's types are taken. That of `round`, which is no whole number on
# either engine, and of what they call by the same name in another way are not.
SURE: tuple[type[exp.Expr], ...] = (
    *(exp.Alias, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Div),
    *(exp.Null, exp.Count, exp.Sum, exp.Max, exp.Min, exp.Greatest, exp.Least),
    *(exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Window, exp.Filter, exp.Abs),
    *(exp.DataType, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Length, exp.Subquery),
)
# SQLite has no truth values but 0 and 1.
TRUTHS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Not, exp.In)


def divisions_in(parsed: ParsedSql, fractions: tuple[str, ...]) -> Iterator[Slip]:
    """One for each division, with the first column that it is for."""
    TypeAnnotator(parsed.schema, _types(parsed.dialect)).annotate(parsed.tree)
    columns = outputs(parsed.tree) if isinstance(parsed.tree, exp.Query) else {}
    seen: set[int] = set()
    for name in fractions:
        for output in columns.get(name.lower(), columns.get(name, [])):
            for division in _found(output, parsed, seen):
                text = parsed.text_of(division)
                yield Slip(
                    f"divides whole numbers for its column {name}, `{text}`: the result"
                    f" has no fraction. Write `1.0 * {text}`, or cast one of them.",
                    text,
                    parsed.line_of(division),
                )


def _found(node: exp.Expr, parsed: ParsedSql, seen: set[int]) -> Iterator[exp.Div]:
    """The divisions of whole numbers that the value of an expression comes from."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, exp.Column):
        for defined in parsed.defined_by(node):
            yield from _found(defined, parsed, seen)
    elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        yield from _found(node.this.selects[0].unalias(), parsed, seen)
    if isinstance(node, exp.Div) and _loses(node):
        yield node
    if isinstance(node, exp.Cast) and node.to.is_type(*WHOLE):
        return
    for name in CARRIES.get(type(node), ()):
        arguments = node.args.get(name)
        for argument in arguments if isinstance(arguments, list) else [arguments]:
            if isinstance(argument, exp.Expr):
                yield from _found(argument, parsed, seen)


def _loses(division: exp.Div) -> bool:
    """Whether it is of whole numbers; what is multiplied again is cut on purpose."""
    left, right = division.left.unnest(), division.right.unnest()
    above = division.parent
    while isinstance(above, exp.Paren):
        above = above.parent
    if isinstance(above, exp.Mul):
        factors = (above.left.unnest(), above.right.unnest())
        return right not in factors and _are_whole(left, right)
    return _are_whole(left, right)


def _are_whole(left: exp.Expr, right: exp.Expr) -> bool:
    """And not two numbers as they are written of which one divides the other."""
    if not (left.is_type(*WHOLE) and right.is_type(*WHOLE)):
        return False
    is_written = isinstance(left, exp.Literal) and isinstance(right, exp.Literal)
    return not is_written or int(left.name) % (int(right.name) or 1) != 0


@cache
def _types(dialect: str) -> dict[type[exp.Expr], dict[str, Any]]:
    """sqlglot's inference of types, as far as it is certain here."""
    known = Dialect.get_or_raise(dialect).EXPRESSION_METADATA
    types: dict[type[exp.Expr], dict[str, Any]]
    types = {kind: known[kind] for kind in SURE}
    types[exp.Literal] = {"annotator": _annotate_literal}
    types[exp.Cast] = {"annotator": _annotate_cast}
    if dialect == "postgres":
        types[exp.Sum] = {"annotator": _annotate_sum_on_postgres}
    else:
        types |= {kind: {"returns": exp.DType.BIGINT} for kind in TRUTHS}
    return types


def _annotate_literal(annotator: TypeAnnotator, literal: exp.Literal) -> None:
    """A text may be any number."""
    kind = exp.DType.INT if literal.is_int else exp.DType.DOUBLE
    annotator._set_type(literal, exp.DType.UNKNOWN if literal.is_string else kind)


def _annotate_cast(annotator: TypeAnnotator, cast: exp.Cast) -> None:
    """Of `decimal` SQLite makes a whole number where it can."""
    is_sure = cast.to.is_type(*WHOLE, *exp.DataType.FLOAT_TYPES)
    annotator._set_type(cast, cast.to if is_sure else exp.DType.UNKNOWN)


def _annotate_sum_on_postgres(annotator: TypeAnnotator, total: exp.Sum) -> None:
    """Of what a column stores it is `numeric`, which has fractions."""
    is_small = total.this.is_type(exp.DType.INT)
    annotator._set_type(total, exp.DType.BIGINT if is_small else exp.DType.UNKNOWN)
