"""What OpenAPI says of a view, kept on the view itself.

Pure. The parts of an operation may hold, at any depth, functions of `Facts`, standing
for what they return, and shapes (TypedDict), standing for their schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from api.contract import Contract, Mart, Table
from api.errors import Problem
from api.openapi.problems import problems
from api.openapi.schemas import ref

Node = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Facts:
    """What the document is made from.

    `marts` are those that are served, `examples` some rows of each by endpoint;
    `samples` are some rows of each upload table, by name, that anybody may see.
    `has_keys` and `protect_metrics` say who is asked for a key.
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


# The operations of one view by what stands for the parameter of its address.
Each = Callable[[Facts], Mapping[str, Node]]


def operation(
    tag: str,
    summary: str,
    responses: Mapping[str, Any],
    raises: Iterable[type[Problem]] = (),
    name: str | None = None,
    **parts: Any,
) -> Callable[[View], View]:
    """Document a view; its operationId is its own name unless one is given.

    `responses` are by status; each status of what it `raises` is added. `parts` are
    further members of the operation.
    """

    def document(view: View) -> View:
        node = {
            "operationId": name or view.__name__,
            "tags": [tag],
            "summary": summary,
            **parts,
            "responses": {**responses, **problems(*raises)},
        }
        vars(view)["operations"] = lambda _: {"": node}
        return view

    return document


def operations(each: Each) -> Callable[[View], View]:
    """Document a view that is several operations, one for each value in its address."""

    def document(view: View) -> View:
        vars(view)["operations"] = each
        return view

    return document


def operations_of(view: Callable[..., Any], facts: Facts) -> Mapping[str, Node]:
    """A view's operations by value; nothing where the view is not documented."""
    each: Each | None = vars(view).get("operations")
    return {} if each is None else each(facts)


def resolved(node: Any, facts: Facts, shapes: set[Any]) -> Any:
    """The node as plain values; the shapes that it refers to are added to `shapes`."""
    if isinstance(node, type):
        shapes.add(node)
        return ref(node.__name__)
    if callable(node):
        return resolved(node(facts), facts, shapes)
    if isinstance(node, Mapping):
        return {name: resolved(value, facts, shapes) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [resolved(value, facts, shapes) for value in node]
    return node
