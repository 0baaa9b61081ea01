"""The dbt project's files: where they are, what they contain, whether they changed.

`reader` parses the YAML, dbt the SQL.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from pathspec import PathSpec

from api.contract import Contract, read_project

# All that dbt reads. `dbt deps` may install links to folders elsewhere.
WATCHED = (
    *("dbt_project", "seeds", "snapshots", "analyses", "dbt_packages"),
    *("dbt_project.yml", "profiles.yml", "selectors.yml"),
    *("packages.yml", "dependencies.yml", "package-lock.yml", ".dbtignore"),
)
PROJECT_FILE = "dbt_project.yml"
MODELS, TESTS = "dbt_project/models/", "dbt_project/tests/"
SNAPSHOTS = "snapshots/"
RESOURCES = ("dbt_project/", "seeds/", SNAPSHOTS, "analyses/")
SUFFIXES = (".sql", ".yml", ".yaml", ".csv", ".md")
# Does not match the files that editors and macOS leave beside others.
NAMES_FOR_DBT = "[!.#~]*"

Fingerprint = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Project:
    """The folder that holds dbt_project.yml."""

    folder: Path

    def contract(self) -> Contract:
        """Parse the contract; raises ContractError with every defect."""
        files: dict[str, bytes] = {}
        tests: dict[str, bytes] = {}
        snapshots: dict[str, bytes] = {}
        for path in self._watched():
            name = os.path.relpath(path, self.folder)
            if _is_sql_in(TESTS, name):
                kind = tests
            elif _is_sql_in(SNAPSHOTS, name):
                kind = snapshots
            elif _is_of_contract(name):
                kind = files
            else:
                continue
            content = _content(path, most=_bytes_to_read(name))
            if content is not None:
                kind[name] = content
        return read_project(files, tests, snapshots)

    def sample(self, table: str, rows: int) -> bytes | None:
        """The header and the first rows of a table's seed; None without a seed."""
        try:
            with (self.folder / "seeds" / f"{table}.csv").open("rb") as seed:
                return b"".join(islice(seed, rows + 1))
        except FileNotFoundError:
            return None

    def texts(self) -> dict[str, str]:
        """Every file except the seeds, by its path in the folder."""
        return {
            os.path.relpath(path, self.folder): _text(content)
            for path in self._watched()
            if not path.endswith(".csv") and (content := _content(path)) is not None
        }

    def fingerprint(self) -> Fingerprint:
        """Modification time (ns) and size of every file that a build depends on."""
        return {
            path: (stat.st_mtime_ns, stat.st_size)
            for path, stat in _stats(self._watched())
        }

    def places(self) -> Iterator[str]:
        """The files and folders whose modification times show any change.

        To look at these again takes a tenth of the time that finding them takes.
        """
        for name in WATCHED:
            yield str(self.folder / name)
            for folder, _, _ in os.walk(self.folder / name, followlinks=True):
                yield folder
        yield from self._watched()

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file that a build depends on, by its path in the folder."""
        return {
            os.path.relpath(path, self.folder): hashlib.sha256(content).hexdigest()
            for path in self._watched()
            if (content := _content(path)) is not None
        }

    def _watched(self) -> Iterator[str]:
        return self._files(*WATCHED)

    def _files(self, *places: str) -> Iterator[str]:
        """The files that dbt reads among these files and folders, in order."""
        ignored = self._ignored()
        for place in places:
            if (self.folder / place).is_file():
                yield str(self.folder / place)
            yield from self._in_folder(self.folder / place, ignored)

    def _in_folder(self, place: Path, ignored: PathSpec) -> Iterator[str]:
        for folder, folders, names in os.walk(place, followlinks=True):
            folders.sort()
            for name in sorted(filter(_may_be_read, names)):
                path = os.path.join(folder, name)
                if not ignored.match_file(os.path.relpath(path, self.folder)):
                    yield path

    def _ignored(self) -> PathSpec:
        lines = _content(str(self.folder / ".dbtignore")) or b""
        return PathSpec.from_lines("gitwildmatch", _text(lines).splitlines())


def blank_lines_above(text: str) -> int:
    """How many blank lines a text begins with; dbt drops them before it counts."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _is_sql_in(folder: str, path: str) -> bool:
    return path.startswith(folder) and path.endswith(".sql")


def _is_of_contract(path: str) -> bool:
    """Whether it is the SQL of a model, YAML about dbt's resources, or a seed."""
    if path.endswith(".sql"):
        return _is_sql_in(MODELS, path)
    if path.startswith("dbt_packages"):
        return path.endswith(f"{os.sep}{PROJECT_FILE}")
    return path == PROJECT_FILE or path.startswith(RESOURCES)


def _bytes_to_read(path: str) -> int:
    """All bytes of a file (-1), but of a seed only those that hold its header."""
    return 1000 if path.endswith(".csv") else -1


def _may_be_read(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and fnmatchcase(name, NAMES_FOR_DBT)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _content(path: str, most: int = -1) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(most)
    except FileNotFoundError:
        # An editor replaced it after it was listed.
        return None


def _stats(files: Iterator[str]) -> Iterator[tuple[str, os.stat_result]]:
    for path in files:
        try:
            yield path, os.stat(path)
        except FileNotFoundError:
            # An editor replaced it after it was listed: the next fingerprint has it.
            continue
