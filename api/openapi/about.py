"""The introduction: tables of operators, formats, errors and reasons of rejects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.errors import Problem
from api.formats import FORMATS
from api.intake.defects import DEFECT_CODES
from api.metrics.operators import OPERATORS


def _every(problem: type[Problem]) -> Iterator[type[Problem]]:
    yield problem
    for inner in problem.__subclasses__():
        yield from _every(inner)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


ERRORS = sorted(_every(Problem), key=lambda problem: (problem.status, problem.code))

OPERATOR_ROWS = [(name, operator.meaning) for name, operator in OPERATORS.items()]
FORMAT_ROWS = [(f.name, f"`{f.media_type}`", f.description) for f in FORMATS.values()]
ERROR_ROWS = [(p.status, f"`{p.code}`", p.title) for p in ERRORS]
REASON_ROWS = [(f"`{code}`", meaning) for code, meaning in DEFECT_CODES.items()]


def _folded(title: str, *paragraphs: str) -> str:
    """A section that is closed at first, so that the operations below are in sight."""
    content = "\n\n".join(paragraphs)
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


ABOUT = "\n\n".join(
    [
        "Upload rows of the tables below; dbt turns them into tested marts; only what"
        " passed every test is served. All of this is generated from the dbt project's"
        " YAML. Each answer of a metric names the build that it comes from and has a"
        " strong `ETag`.",
        _folded(
            "Filters and formats of a metric",
            "Declared parameters hold a column to one value; `all` frees it. Every"
            " column is a filter, `column=value`, repeated for any of several values,"
            " or `column__OP=value`:",
            _table(("operator", "keeps rows whose value is"), OPERATOR_ROWS),
            "`format`, or the `Accept` header, chooses how the rows come:",
            _table(("format", "media type", "which is"), FORMAT_ROWS),
        ),
        _folded(
            "Errors",
            "Every error is `application/problem+json` (RFC 9457) with a `code` to go"
            " by:",
            _table(("status", "code", "meaning"), ERROR_ROWS),
        ),
        _folded(
            "Reasons of rejects",
            "A refused row is kept with each of its reasons:",
            _table(("code", "meaning"), REASON_ROWS),
        ),
    ]
)
