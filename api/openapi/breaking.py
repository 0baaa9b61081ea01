"""What in a new OpenAPI document breaks clients of the metrics of an old one.

A metric may gain columns, parameters, values that a parameter takes, and the promise
that a column is never null. Each loss, and each change of meaning, is reported as a
line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from typing import Any

from api.contract.marts import ALL
from api.openapi.parts import Node

METRICS = "/metrics/"
# These parameters name columns, whose changes are reported as such.
SHAPES = ("select", "sort")
# Defaults of a parameter that filter no rows.
UNPINNED = (None, [ALL])

ELSEWHERE = "serve what is new under another endpoint and keep this one"
BESIDE = "keep it, and add what is new as another column or metric"


def breaking_changes(old: Node, new: Node) -> list[str]:
    """What breaks, where, and how to avoid it; empty if nothing breaks.

    Raises KeyError for a document of another service.
    """
    return [
        f"{path}: {change}"
        for path in sorted(old["paths"])
        if path.startswith(METRICS)
        for change in _changes(path, old, new)
    ]


def _changes(path: str, old: Node, new: Node) -> Iterator[str]:
    if path not in new["paths"]:
        yield f"the metric is gone; {ELSEWHERE}, with `endpoint: {path[9:]}`"
        return
    columns, now = _columns(path, old), _columns(path, new)
    for name, column in columns.items():
        if name not in now:
            yield f"column {name} is gone; {BESIDE}"
        else:
            yield from (f"column {name} {x}" for x in _column(column, now[name]))
    # What happens to filters and orders by these columns is reported with them.
    lost = {n for n in columns if n not in now or _type(columns[n]) != _type(now[n])}
    yield from _parameters(_named(path, old), _named(path, new), lost)


def _column(old: Node, new: Node) -> Iterator[str]:
    if _type(old) != _type(new):
        yield f"was {_type(old)} and is {_type(new)}; {BESIDE}"
        return
    if _is_nullable(new) and not _is_nullable(old):
        yield "may be null now; keep its not_null, and fill the value in the SQL"
    values, now = (set(x["enum"]) - {None} if "enum" in x else None for x in (old, new))
    if values is None:
        return
    if now is None:
        yield f"may be any value now, not only {_list(values)}; {BESIDE}"
    elif now - values:
        yield f"may be {_list(now - values)} now, which no reader knows; {BESIDE}"


def _parameters(
    old: dict[str, Node], new: dict[str, Node], lost_columns: Set[str]
) -> Iterator[str]:
    for name, parameter in old.items():
        if name.partition("__")[0] in lost_columns:
            continue
        if name not in new:
            yield f"parameter {name} is gone; declare it still, whatever it pins"
            continue
        was, now = parameter["schema"], new[name]["schema"]
        lost = set() if name in SHAPES else _taken(was) - _taken(now)
        if lost:
            yield f"parameter {name} takes {_list(lost)} no more; take it still"
        yield from _default(name, was.get("default"), now.get("default"), lost_columns)
    for name in sorted(new.keys() - old.keys()):
        default = new[name]["schema"].get("default")
        if default not in UNPINNED:
            yield f"parameter {name} holds rows to {_shown(default)}; let it be all"


def _default(name: str, old: Any, new: Any, lost_columns: Set[str]) -> Iterator[str]:
    if name in SHAPES:
        kept = [term for term in old or () if term.lstrip("-") not in lost_columns]
        now = list(new or ())
        # Further columns break nothing, nor does a further order of equal rows.
        now = [x for x in now if x in kept] if name == "select" else now[: len(kept)]
        if kept != now:
            yield (
                f"{name} is {_shown(new)} unless given, and was {_shown(old)};"
                " keep all of that, in this order"
            )
    elif old != new and not (old in UNPINNED and new in UNPINNED):
        yield (
            f"parameter {name} is {_shown(new)} unless given, and was {_shown(old)};"
            f" keep its default, or {ELSEWHERE}"
        )


def _columns(path: str, document: Node) -> dict[str, Node]:
    """The columns of a metric's rows."""
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    name = content["application/json"]["schema"]["items"]["$ref"].rpartition("/")[2]
    columns: dict[str, Node] = document["components"]["schemas"][name]["properties"]
    return columns


def _named(path: str, document: Node) -> dict[str, Node]:
    """The query parameters of a metric."""
    parameters = document["paths"][path]["get"]["parameters"]
    return {p["name"]: p for p in parameters if p["in"] == "query"}


def _type(schema: Node) -> str:
    """The type of a value, whether or not it may be null."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    (kind,) = [name for name in kinds if name != "null"]
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _is_nullable(schema: Node) -> bool:
    return isinstance(schema["type"], list) and "null" in schema["type"]


def _taken(schema: Node) -> set[str]:
    """The types and values that a parameter takes, each as a text."""
    items = schema.get("items", schema)
    taken: set[str] = set()
    for each in items.get("anyOf", [items]):
        if "const" in each or "enum" in each:
            taken.update(str(x) for x in each.get("enum", [each.get("const")]))
        else:
            taken.add(_type(each))
    return taken


def _list(values: Set[Any]) -> str:
    return ", ".join(sorted(str(value) for value in values))


def _shown(default: Any) -> str:
    if default is None:
        return "nothing"
    if isinstance(default, list):
        return ",".join(str(value) for value in default)
    return json.dumps(default)
