"""What is reported of the steps of a run that did not pass: words, file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.builder.runs import messages
from api.builder.runs.advice import advised
from api.builder.runs.explanations import explanation, name_of_test, tested_model
from api.builder.runs.facts import REPORTED, DbtRun, Node, Nodes, Result
from api.contract.files import blank_lines_above

Failure = dict[str, Any]
MISSING = re.compile(r"Invalid column name: '(.+?)' in unit test fixture for expected")
A_NAME = re.compile(r"\w[\w.]*|;")


def failures_of(
    run: DbtRun, texts: Mapping[str, str], named_in_errors: re.Pattern[str]
) -> list[Failure]:
    """Everything that did not pass, warnings included: the worst first.

    `texts` are the project's files as they are here: a line is told where they are as
    dbt has read them. `named_in_errors` finds what an error of the database is about:
    its last group is what is to be looked for in the SQL.
    """
    report = _Report(run.nodes, texts, named_in_errors)
    return [
        report.of(result)
        for status in REPORTED
        for result in run.results
        if result.status == status and result.unique_id in run.nodes
    ]


def failure(
    name: str,
    kind: str,
    file: str | None,
    message: str | None,
    words: str,
    *,
    status: str = "error",
    line: int | None = None,
    rows: int | None = None,
    sample: Sequence[Mapping[str, Any]] = (),
) -> Failure:
    """One that no result of dbt tells of."""
    return {
        "name": name,
        "kind": kind,
        "file": file,
        "line": line,
        "status": status,
        "rows": rows,
        "message": message,
        "words": words,
        "sample": list(sample),
    }


def line_of_file(node: Node, line: int | None, texts: Mapping[str, str]) -> int | None:
    """A line of its code in its file, if that is here as dbt has read it.

    dbt drops the blank lines that a file begins with before it counts.
    """
    text = texts.get(node["original_file_path"], "")
    if line is None or text.strip() != node["raw_code"].strip():
        return None
    return line + blank_lines_above(text)


class _Report:
    def __init__(
        self,
        nodes: Nodes,
        texts: Mapping[str, str],
        named_in_errors: re.Pattern[str],
    ) -> None:
        self._nodes = nodes
        self._texts = texts
        self._named = named_in_errors

    def of(self, result: Result) -> Failure:
        node = self._nodes[result.unique_id]
        message = messages.shown(result.message) or None
        failure: Failure = {
            "name": node["name"],
            "kind": node["resource_type"],
            "file": node["original_file_path"],
            "line": None,
            "status": result.status,
            "rows": result.failures,
            "message": message,
            "sample": list(result.rows),
        }
        if result.status in ("fail", "warn"):
            return failure | {"words": explanation(node, result, self._nodes)}
        return failure | self._error(node, messages.summary(message or ""))

    def _error(self, node: Node, summary: str) -> Failure:
        """What an error adds to that.

        dbt runs the unit tests of a model before the model itself, so a mistake in its
        SQL comes up in them first, and is reported as the model's own.
        """
        is_unit_test = node["resource_type"] == "unit_test"
        step = tested_model(node, self._nodes) if is_unit_test else node
        named = self._name_in_sql(summary)
        in_code = messages.line_of(
            named or messages.name_in(summary), step.get("raw_code") or ""
        )
        line = line_of_file(step, in_code, self._texts)
        is_of_sql = named is not None or "' is undefined" in summary
        missing = MISSING.match(summary)
        if is_of_sql and not node.get("test_metadata"):
            either = ""
            if _has_rows_of_sql(node) and not in_code:
                either = f" or of its unit test {node['name']}"
            what = f"The SQL of {step['name']}{either}"
            return {
                "words": messages.wrong(what, line, summary),
                "file": step["original_file_path"],
                "line": line,
            }
        if is_unit_test and missing:
            return {
                "words": f"{step['name']} has no column {missing[1]}, which its unit"
                f" test {node['name']} expects."
            }
        if node["resource_type"] in ("test", "unit_test"):
            name = name_of_test(node, self._nodes)
            return {"words": f"The {name} cannot be run: {messages.sentence(summary)}"}
        said, at = advised(node, summary)
        return {
            "words": f"{node['name']} cannot be built: {messages.sentence(said)}",
            "line": line or line_of_file(node, at, self._texts),
        }

    def _name_in_sql(self, summary: str) -> str | None:
        """What an error of the database names: None where it is not about the SQL.

        Of punctuation only a semicolon is to be looked for: else it is empty.
        """
        found = self._named.search(summary.replace("`", ""))
        if found is None:
            return None
        name = found[found.lastindex or 0]
        return name if A_NAME.fullmatch(name) else ""


def _has_rows_of_sql(node: Node) -> bool:
    """Whether a unit test gives rows as SQL, which may be what is wrong."""
    given: Sequence[Node] = node.get("given") or ()
    return any(rows["format"] == "sql" for rows in given)
