"""What is told where dbt could not begin to build: words, file and line.

For failures of single models and tests see `api.builder.runs.failures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from api.builder.invocation import Failures
from api.builder.runs import messages
from api.contract.files import Project, blank_lines_above

SILENT = (
    "The builder gave no sign of life for {:.0f} s (BUILD_TIMEOUT_SECONDS) and was"
    " ended: a model or test may never end. It is tried again, each time after a longer"
    " while, and at once when the project changes."
)
NOT_YAML = "this is not YAML"
YAML_HINT = " Most often it is an indentation, a colon or a quote, there or just above."
UNKNOWN = re.compile(r".*'[^']+' depends on a (?:node|source) named ('[^']+') .*")
# As our contract complains.
COMPLAINT = re.compile(r"(.+?\.(?:sql|ya?ml)): (?:line (\d+): )?(.*)", re.DOTALL)
# As dbt names files, and quotes lines: of Jinja, and of YAML.
FILE = re.compile(r"[\w./-]+\.(?:sql|ya?ml|md)\b")
JINJA_LINE = re.compile(r"\n *line (\d+)\n *(\S.*)")
YAML_LINE = re.compile(r"near line (\d+)\n(?:.*\n)*? *\1 *\| *(\S.*)")

Texts = Mapping[str, str]


class FailureReport:
    """Tells what is wrong with a project, or kept dbt from building it."""

    def __init__(self, project: Project, warehouse: Path) -> None:
        self._project = project
        # Where this machine keeps its files is nobody's business.
        self._folders = [f"{f.absolute()}/" for f in (project.folder, warehouse)]

    def summary(self, message: str) -> str:
        """What a text of dbt comes down to."""
        return messages.summary(messages.shown(message))

    def of(self, kind: str, message: str) -> Failures:
        """The one failure that dbt, or the builder, gives for all of a build."""
        for folder in self._folders:
            message = message.replace(folder, "")
        message = messages.shown(message)
        texts, summary = self._project.texts(), self.summary(message)
        file, line = _place(message, texts)
        if file and not line:
            line = self._line_of(summary, texts[file])
        if file:
            summary = summary.replace(f" ({file})", "").replace(f" in {file}", "")
        summary = UNKNOWN.sub(r"there is no \1 to read", summary)
        if YAML_LINE.search(message):
            summary = NOT_YAML
        return (_failure(kind, message, file, line, self._words(file, line, summary)),)

    def of_defects(self, defects: Iterable[str]) -> Failures:
        """A failure for each complaint of our contract."""
        texts = self._project.texts()
        return tuple(self._of_defect(defect, texts) for defect in defects)

    def _of_defect(self, defect: str, texts: Texts) -> dict[str, Any]:
        found = COMPLAINT.match(defect)
        if found is None or found[1] not in texts:
            words = self._words(None, None, defect)
            return _failure("project", defect, None, None, words)
        file, what = found[1], found[3]
        line = int(found[2]) if found[2] else self._line_of(what, texts[file])
        words = self._words(file, line, what)
        return _failure("project", defect, file, line, words)

    def _words(self, file: str | None, line: int | None, summary: str) -> str:
        if file is None:
            return messages.sentence(summary)
        path = PurePosixPath(file)
        what = f"The SQL of {path.stem}" if path.suffix == ".sql" else path.name
        words = messages.wrong(what, line, summary)
        return words + YAML_HINT if summary.startswith(NOT_YAML) else words

    def _line_of(self, summary: str, text: str) -> int | None:
        return messages.line_of(messages.name_in(summary), text)


def _failure(
    kind: str, message: str, file: str | None, line: int | None, words: str
) -> dict[str, Any]:
    return {
        "name": kind,
        "kind": kind,
        "file": file,
        "line": line,
        "status": "error",
        "rows": None,
        "words": words,
        "message": message,
        "sample": [],
    }


def _place(message: str, texts: Texts) -> tuple[str | None, int | None]:
    """The file, and the line in it, that a text of dbt names; as the files bear it out.

    Of a macro dbt names no file, and counts from where the macro begins: the line that
    it quotes has to be the only one of its kind.
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
