"""Failed tests and models explained in plain English, for readers without dbt."""

from __future__ import annotations

import re
from collections.abc import Collection

from api.builder.runs import messages
from api.builder.runs.facts import Node, Nodes, Result
from api.builder.runs.messages import sentence
from api.wording import count

PROMISES = ("not_null", "unique", "accepted_values", "relationships")
MOST_VALUES = 300
QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")
CANNOT_STORE = re.compile(r"cannot store (\w+) value in \w+ column \S+?\.(\S+)")
VALUES = {
    "TEXT": "a text",
    "REAL": "a fraction",
    "INT": "a whole number",
    "BLOB": "bytes",
}
DISAGREE = re.compile(
    r"disagree about its columns\.(?: Built but not documented: (?P<built>.*?)\.)?"
    r"(?: Documented but not built: (?P<documented>.*?)\.)?$"
)
# SQLite's name for the second of two columns with the same name.
DUPLICATE = re.compile(r"(.+):\d+")


def explain_test(test: Node, result: Result, nodes: Nodes) -> str:
    """What the test found, followed by the test's own description."""
    name = test_name(test, nodes)
    if test["resource_type"] == "unit_test":
        model = tested_model(test, nodes)["name"]
        text = f"{model} answers other rows than its unit test {test['name']} expects."
    elif test["config"]["fail_calc"] != "count(*)":
        text = f"The {name} does not pass."
    else:
        text = _broken_promise(test, result) or (
            f"The {name} complains of {count(result.failures or 0, 'row')}."
        )
    parts = [text, sentence((test.get("description") or "").strip())]
    if result.status == "warn":
        parts.append("This is a warning: it holds back no numbers.")
    return " ".join(part for part in parts if part)


def test_name(test: Node, nodes: Nodes) -> str:
    """`test positive of quarterly_hires.Q1`, `unit test NAME of MODEL`, `test NAME`."""
    if test["resource_type"] == "unit_test":
        return f"unit test {test['name']} of {tested_model(test, nodes)['name']}"
    if metadata := test.get("test_metadata"):
        given = metadata["kwargs"]
        column = f".{given['column_name']}" if given.get("column_name") else ""
        return f"test {metadata['name']} of {_relation_name(given['model'])}{column}"
    return f"test {test['name']}"


def tested_model(unit_test: Node, nodes: Nodes) -> Node:
    """The model of a unit test.

    Once the unit test has run, its first dependency is its own fixture rows.
    """
    ran_on = unit_test.get("tested_node_unique_id")
    return nodes[ran_on or unit_test["depends_on"]["nodes"][0]]


def explain_error(model: Node, summary: str) -> tuple[str, int | None]:
    """A model's error reworded or with a hint, and its line where that is known."""
    if found := CANNOT_STORE.search(summary):
        return _wrong_type(model, found[1], found[2])
    if found := DISAGREE.search(summary):
        duplicate = DUPLICATE.fullmatch((found["built"] or "").split(", ")[0])
        if duplicate:
            name = duplicate[1]
            return f"its SQL has two columns {name}; give one another name", None
        return _missing_comma(model, summary, (found["documented"] or "").split(", "))
    return summary, None


def _broken_promise(test: Node, result: Result) -> str | None:
    """How a column breaks one of dbt's own generic tests; None for other tests."""
    metadata = test.get("test_metadata")
    if not metadata or metadata["namespace"] or metadata["name"] not in PROMISES:
        return None
    found = result.failures or 0
    given, one = metadata["kwargs"], found == 1
    model, column = _relation_name(given["model"]), given["column_name"]
    rows, values = count(found, "row"), count(found, "value")
    if metadata["name"] == "not_null":
        return f"{rows} of {model} {'has' if one else 'have'} no {column}."
    if metadata["name"] == "relationships":
        return (
            f"{rows} of {model} {'has' if one else 'have'} a {column} that is no"
            f" {given['field']} of {_relation_name(given['to'])}."
        )
    # These two count distinct values, not rows.
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


def _relation_name(expression: str) -> str:
    """The model or table that a `ref()` or `source()` names."""
    return str(QUOTED.findall(expression)[-1])


def _wrong_type(model: Node, stored: str, column: str) -> tuple[str, int | None]:
    data_type = model["columns"].get(column, {}).get("data_type")
    value = VALUES.get(stored, stored)
    return (
        f"its column {column} has {value} in a row, and its YAML says {data_type}; cast"
        " it in the SQL, or change data_type",
        messages.line_of(column, model["raw_code"]),
    )


def _missing_comma(
    model: Node, summary: str, missing: Collection[str]
) -> tuple[str, int | None]:
    """Without a comma SQL reads `a b` as one column, a under the name b."""
    code = model["raw_code"]
    names = "|".join(map(re.escape, model["columns"]))
    for column in missing:
        found = re.search(rf"\b{re.escape(column)}\s+(?:\w+\.)?({names})\b", code)
        if column and found:
            line = code.count("\n", 0, found.start()) + 1
            return f"{summary} Is a comma missing after {column}?", line
    return summary, None
