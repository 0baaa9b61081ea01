"""The failures of a run's steps: what each reports, with file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.builder.runs import messages
from api.builder.runs.explanations import (
    explain_error,
    explain_test,
    test_name,
    tested_model,
)
from api.builder.runs.facts import REPORTED, DbtRun, Node, Nodes, Result
from api.contract.files import blank_lines_above

Failure = dict[str, Any]
MISSING_COLUMN = re.compile(
    r"Invalid column name: '(.+?)' in unit test fixture for expected"
)
NAME_OR_SEMICOLON = re.compile(r"\w[\w.]*|;")


def failures_of(
    run: DbtRun, texts: Mapping[str, str], named_in_errors: re.Pattern[str]
) -> list[Failure]:
    """Every step that did not pass, warnings included, the worst first.

    `texts` are the project's files as they are now: a line is reported only in a file
    that is still as dbt read it. `named_in_errors` matches the database's errors; its
    last group is the name to look for in the SQL.
    """
    reporter = _Reporter(run.nodes, texts, named_in_errors)
    return [
        reporter.failure_of(result)
        for status in REPORTED
        for result in run.results
        if result.status == status and result.unique_id in run.nodes
    ]


def failure(
    name: str,
    kind: str,
    file: str | None,
    message: str | None,
    explanation: str,
    *,
    status: str = "error",
    line: int | None = None,
    rows: int | None = None,
    sample: Sequence[Mapping[str, Any]] = (),
) -> Failure:
    """A failure that is no result of a dbt step."""
    return {
        "name": name,
        "kind": kind,
        "file": file,
        "line": line,
        "status": status,
        "rows": rows,
        "message": message,
        "words": explanation,
        "sample": list(sample),
    }


def line_of_file(node: Node, line: int | None, texts: Mapping[str, str]) -> int | None:
    """A line of the node's code as a line of its file, if the file has not changed.

    dbt strips leading blank lines before it counts.
    """
    text = texts.get(node["original_file_path"], "")
    if line is None or text.strip() != node["raw_code"].strip():
        return None
    return line + blank_lines_above(text)


class _Reporter:
    def __init__(
        self,
        nodes: Nodes,
        texts: Mapping[str, str],
        named_in_errors: re.Pattern[str],
    ) -> None:
        self._nodes = nodes
        self._texts = texts
        self._named_in_errors = named_in_errors

    def failure_of(self, result: Result) -> Failure:
        node = self._nodes[result.unique_id]
        message = messages.cleaned(result.message) or None
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
            return failure | {"words": explain_test(node, result, self._nodes)}
        return failure | self._error(node, messages.summary(message or ""))

    def _error(self, node: Node, summary: str) -> Failure:
        """The explanation of an error, with the file and line at fault.

        dbt runs the unit tests of a model before the model itself, so a mistake in its
        SQL fails them first; it is reported against the model's file.
        """
        is_unit_test = node["resource_type"] == "unit_test"
        step = tested_model(node, self._nodes) if is_unit_test else node
        named = self._name_in_sql(summary)
        in_code = messages.line_of(
            named or messages.name_in(summary), step.get("raw_code") or ""
        )
        line = line_of_file(step, in_code, self._texts)
        is_of_sql = named is not None or "' is undefined" in summary
        missing = MISSING_COLUMN.match(summary)
        if is_of_sql and not node.get("test_metadata"):
            either = ""
            if _has_sql_fixture(node) and not in_code:
                either = f" or of its unit test {node['name']}"
            subject = f"The SQL of {step['name']}{either}"
            return {
                "words": messages.error_sentence(subject, line, summary),
                "file": step["original_file_path"],
                "line": line,
            }
        if is_unit_test and missing:
            return {
                "words": f"{step['name']} has no column {missing[1]}, which its unit"
                f" test {node['name']} expects."
            }
        if node["resource_type"] in ("test", "unit_test"):
            name = test_name(node, self._nodes)
            return {"words": f"The {name} cannot be run: {messages.sentence(summary)}"}
        text, at = explain_error(node, summary)
        return {
            "words": f"{node['name']} cannot be built: {messages.sentence(text)}",
            "line": line or line_of_file(node, at, self._texts),
        }

    def _name_in_sql(self, summary: str) -> str | None:
        """The name in an error of the database; None where the SQL is not at fault.

        Empty where the error names punctuation, except a semicolon, which can be found.
        """
        found = self._named_in_errors.search(summary.replace("`", ""))
        if found is None:
            return None
        name = found[found.lastindex or 0]
        return name if NAME_OR_SEMICOLON.fullmatch(name) else ""


def _has_sql_fixture(unit_test: Node) -> bool:
    """Whether the unit test gives rows as SQL, which may itself be wrong."""
    given: Sequence[Node] = unit_test.get("given") or ()
    return any(rows["format"] == "sql" for rows in given)
