"""Decorators that document a view; what they are given is kept on the view. Pure.

The parts of an operation may hold, at any depth, functions of `Facts` in place of what
they return, and shapes (TypedDict) in place of their schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from api.contract import Contract, Mart, Table
from api.errors import Problem
from api.openapi.parts import Node
from api.openapi.problems import problems
from api.openapi.schemas import ref

Rows = Sequence[Mapping[str, Any]]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Facts:
    """What the document is made from.

    `marts` are those that are served, `examples` some rows of each by endpoint;
    `samples` are some public rows of each upload table, by name. `has_keys` and
    `protect_metrics` are the settings that decide which operations need a key.
    """

    contract: Contract
    marts: Mapping[str, Mart]
    examples: Mapping[str, Rows]
    samples: Mapping[str, Rows]
    has_keys: bool
    protect_metrics: bool

    @property
    def tables(self) -> list[Table]:
        return list(self.contract.tables.values())


# The operations of one view, by the value of the parameter in its path.
Each = Callable[[Facts], Mapping[str, Node]]


def operation(
    tag: str,
    summary: str,
    responses: Mapping[str, Any],
    raises: Iterable[type[Problem]] = (),
    **parts: Any,
) -> Callable[[View], View]:
    """Document a view; the operationId is its name.

    `responses` are by status, and those of the problems that it `raises` are added.
    `parts` are further members of the operation.
    """

    def document(view: View) -> View:
        node = {
            "operationId": view.__name__,
            "tags": [tag],
            "summary": summary,
            **parts,
            "responses": {**responses, **problems(*raises)},
        }
        vars(view)["operations"] = lambda _: {"": node}
        return view

    return document


def operations(each: Each) -> Callable[[View], View]:
    """Document a view that is several operations, one for each value in its path."""

    def document(view: View) -> View:
        vars(view)["operations"] = each
        return view

    return document


def operations_of(view: Callable[..., Any], facts: Facts) -> Mapping[str, Node]:
    """A view's operations by value; empty if the view is not documented."""
    each: Each | None = vars(view).get("operations")
    return {} if each is None else each(facts)


def expanded(node: Any, facts: Facts, shapes: set[Any]) -> Any:
    """The node as plain values; adds the shapes that it refers to to `shapes`."""
    if isinstance(node, type):
        shapes.add(node)
        return ref(node.__name__)
    if callable(node):
        return expanded(node(facts), facts, shapes)
    if isinstance(node, Mapping):
        return {name: expanded(value, facts, shapes) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [expanded(value, facts, shapes) for value in node]
    return node
