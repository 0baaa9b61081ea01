"""Failures for a project that dbt could not begin to build.

The failures of single models and tests are those of `api.builder.runs.failures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from api.builder.invocation import Failures
from api.builder.runs import messages
from api.builder.runs.failures import Failure, failure
from api.contract.files import Project, blank_lines_above

SILENT = (
    "The builder gave no sign of life for {:.0f} s (BUILD_TIMEOUT_SECONDS) and was"
    " ended: a model or test may never end. It is tried again, each time after a longer"
    " while, and at once when the project changes."
)
NOT_YAML = "this is not YAML"
YAML_HINT = " Most often it is an indentation, a colon or a quote, there or just above."
UNKNOWN = re.compile(r".*'[^']+' depends on a (?:node|source) named ('[^']+') .*")
# A defect of the contract: file, line if known, text.
DEFECT = re.compile(r"(.+?\.(?:sql|ya?ml)): (?:line (\d+): )?(.*)", re.DOTALL)
# How dbt names a file, and quotes a line of Jinja or YAML.
FILE = re.compile(r"[\w./-]+\.(?:sql|ya?ml|md)\b")
JINJA_LINE = re.compile(r"\n *line (\d+)\n *(\S.*)")
YAML_LINE = re.compile(r"near line (\d+)\n(?:.*\n)*? *\1 *\| *(\S.*)")

Texts = Mapping[str, str]


class FailureReport:
    """Reports defects of a project, and what kept dbt from building it."""

    def __init__(self, project: Project, warehouse: Path) -> None:
        self._project = project
        # Local paths are not published.
        self._folders = [f"{f.absolute()}/" for f in (project.folder, warehouse)]

    def summary(self, message: str) -> str:
        """What is wrong, without the rest of dbt's message."""
        return messages.summary(messages.cleaned(message))

    def of(self, kind: str, message: str) -> Failures:
        """The one failure of a whole build, from a message of dbt or of the builder."""
        for folder in self._folders:
            message = message.replace(folder, "")
        message = messages.cleaned(message)
        texts, summary = self._project.texts(), self.summary(message)
        file, line = _place(message, texts)
        if file and not line:
            line = _line_of(summary, texts[file])
        if file:
            summary = summary.replace(f" ({file})", "").replace(f" in {file}", "")
        summary = UNKNOWN.sub(r"there is no \1 to read", summary)
        if YAML_LINE.search(message):
            summary = NOT_YAML
        return (_failure(kind, message, file, line, summary),)

    def of_defects(self, defects: Iterable[str]) -> Failures:
        """A failure for each defect of the project's contract."""
        texts = self._project.texts()
        return tuple(_of_defect(defect, texts) for defect in defects)


def _of_defect(defect: str, texts: Texts) -> Failure:
    found = DEFECT.match(defect)
    if found is None or found[1] not in texts:
        return _failure("project", defect, None, None, defect)
    file, text = found[1], found[3]
    line = int(found[2]) if found[2] else _line_of(text, texts[file])
    return _failure("project", defect, file, line, text)


def _failure(
    kind: str, message: str, file: str | None, line: int | None, summary: str
) -> Failure:
    explanation = _explanation(file, line, summary)
    return failure(kind, kind, file, message, explanation, line=line)


def _explanation(file: str | None, line: int | None, summary: str) -> str:
    if file is None:
        return messages.sentence(summary)
    path = PurePosixPath(file)
    subject = f"The SQL of {path.stem}" if path.suffix == ".sql" else path.name
    explanation = messages.error_sentence(subject, line, summary)
    return explanation + YAML_HINT if summary.startswith(NOT_YAML) else explanation


def _line_of(summary: str, text: str) -> int | None:
    return messages.line_of(messages.name_in(summary), text)


def _place(message: str, texts: Texts) -> tuple[str | None, int | None]:
    """The file and line that a message of dbt names, if the files confirm them.

    For a macro dbt names no file and counts from the macro's first line, so the quoted
    line is only reported if no other line equals it.
    """
    file = next((name for name in FILE.findall(message) if name in texts), None)
    in_jinja, in_yaml = JINJA_LINE.search(message), YAML_LINE.search(message)
    found = in_jinja or in_yaml
    if found is None:
        return file, None
    number, quoted = int(found[1]), found[2].strip()
    places = [
        (name, at)
        for name, text in texts.items()
        if name == file or file is None and name.endswith(".sql") == bool(in_jinja)
        for at, line in enumerate(text.split("\n"), 1)
        if line.strip() == quoted
        and (file is None and in_jinja or at == number + blank_lines_above(text))
    ]
    return places[0] if len(places) == 1 else (file, None)
