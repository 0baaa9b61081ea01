"""What a test that did not pass has found, in plain words: for readers without dbt."""

from __future__ import annotations

import re

from api.builder.runs.facts import Node, Nodes, Result
from api.builder.runs.messages import sentence
from api.wording import count

PROMISES = ("not_null", "unique", "accepted_values", "relationships")
MOST_VALUES = 300
QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


def explanation(test: Node, result: Result, nodes: Nodes) -> str:
    """What the test has found, and what its description says of that."""
    found = result.failures or 0
    name = name_of_test(test, nodes)
    if test["resource_type"] == "unit_test":
        model = tested_model(test, nodes)["name"]
        words = f"{model} answers other rows than its unit test {test['name']} expects."
    elif test["config"]["fail_calc"] != "count(*)":
        words = f"The {name} does not pass."
    else:
        words = _broken_promise(test, result) or (
            f"The {name} complains of {count(found, 'row')}."
        )
    parts = [words, sentence((test.get("description") or "").strip())]
    if result.status == "warn":
        parts.append("This is a warning: it holds back no numbers.")
    return " ".join(part for part in parts if part)


def name_of_test(test: Node, nodes: Nodes) -> str:
    """`test positive of quarterly_hires.Q1`, `unit test NAME of MODEL`, `test NAME`."""
    if test["resource_type"] == "unit_test":
        return f"unit test {test['name']} of {tested_model(test, nodes)['name']}"
    if metadata := test.get("test_metadata"):
        given = metadata["kwargs"]
        column = f".{given['column_name']}" if given.get("column_name") else ""
        return f"test {metadata['name']} of {_referred(given['model'])}{column}"
    return f"test {test['name']}"


def tested_model(unit_test: Node, nodes: Nodes) -> Node:
    """The model that a unit test is of. One that has run depends on its rows first."""
    ran_on = unit_test.get("tested_node_unique_id")
    return nodes[ran_on or unit_test["depends_on"]["nodes"][0]]


def _broken_promise(test: Node, result: Result) -> str | None:
    """What dbt's own generic tests promise of a column, and how it is broken."""
    metadata = test.get("test_metadata")
    if not metadata or metadata["namespace"] or metadata["name"] not in PROMISES:
        return None
    found = result.failures or 0
    given, one = metadata["kwargs"], found == 1
    model, column = _referred(given["model"]), given["column_name"]
    rows, values = count(found, "row"), count(found, "value")
    if metadata["name"] == "not_null":
        return f"{rows} of {model} {'has' if one else 'have'} no {column}."
    if metadata["name"] == "relationships":
        return (
            f"{rows} of {model} {'has' if one else 'have'} a {column} that is no"
            f" {given['field']} of {_referred(given['to'])}."
        )
    # These two find values, however many rows have them.
    if metadata["name"] == "unique":
        stands = "stands" if one else "stand"
        return f"{values} of {column} {stands} more than once in {model}."
    accepted = ", ".join(map(str, given["values"]))
    if len(accepted) > MOST_VALUES:
        accepted = accepted[: MOST_VALUES - 3].rsplit(" ", 1)[0] + "..."
    is_none = "is" if one else "are"
    wrong = ", ".join(repr(r["value_field"]) for r in result.rows if "value_field" in r)
    ending = f": {wrong}" if wrong else ""
    return f"{values} of {column} in {model} {is_none} none of {accepted}{ending}."


def _referred(expression: str) -> str:
    """The model or table that a `ref()` or `source()` is about."""
    return str(QUOTED.findall(expression)[-1])
