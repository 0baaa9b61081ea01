"""Read the config and find defects in a model's SQL, without rendering it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

ENVIRONMENT = Environment(extensions=["jinja2.ext.do"])
# Calls that name a model or a table, in quotes.
NAMING = ("ref", "source")
NOT_SQL = re.compile(r"(?s)\{#.*?#\}|/\*.*?\*/|--[^\n]*|'[^']*'")


@dataclass(frozen=True)
class ModelSql:
    """The config() of a model's SQL, and the defects of the SQL.

    A config value that is not a constant is None.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    defects: tuple[str, ...] = ()


def read_sql(text: str) -> ModelSql:
    """Read the SQL of a model; invalid Jinja is left to dbt."""
    if not text.strip():
        return ModelSql(defects=("is empty; dbt would take it for not there",))
    defects = [*_semicolon_defects(text)]
    try:
        template = ENVIRONMENT.parse(text)
    except TemplateSyntaxError:
        return ModelSql(defects=tuple(defects))
    config: dict[str, Any] = {}
    unknown = meta.find_undeclared_variables(template)
    for call in template.find_all(nodes.Call):
        called = getattr(call.node, "name", None)
        if called == "config":
            config |= {given.key: _constant(given.value) for given in call.kwargs}
        if called in NAMING:
            defects += _unquoted_defects(called, call, unknown)
    return ModelSql(config, tuple(defects))


def _semicolon_defects(text: str) -> Iterator[str]:
    """A semicolon at the end, where dbt wraps the SQL in a statement."""
    sql = NOT_SQL.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text).rstrip()
    if sql.endswith(";"):
        line = sql.count("\n") + 1
        yield f"line {line}: a model ends without a semicolon; take it away"


def _unquoted_defects(
    called: str, call: nodes.Call, unknown: set[str]
) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, nodes.Name) and argument.name in unknown:
            name = argument.name
            yield (
                f"line {argument.lineno}: {called}() takes a name in quotes: '{name}'"
                f" in place of {name}"
            )


def _constant(value: nodes.Expr) -> Any:
    try:
        return value.as_const()
    except nodes.Impossible:
        return None
