"""The dbt project as files: where they are, what they say, whether they changed.

What they mean is for `contract` (YAML) and dbt (SQL).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from api.contract import Contract, read_project

# All that dbt reads. What `dbt deps` installs may be links to folders elsewhere.
WATCHED = (
    *("dbt_project", "seeds", "snapshots", "analyses", "dbt_packages"),
    *("dbt_project.yml", "profiles.yml", "selectors.yml"),
    *("packages.yml", "dependencies.yml", "package-lock.yml"),
)
SUFFIXES = (".sql", ".yml", ".yaml", ".csv", ".md")

Fingerprint = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Project:
    """The folder that holds dbt_project.yml."""

    folder: Path

    def contract(self) -> Contract:
        """Read the whole contract; raises ContractError with every complaint."""
        return read_project(self._in("models"), self._in("tests"))

    def _in(self, folder: str) -> dict[str, str | bytes]:
        return {
            os.path.relpath(path, self.folder): Path(path).read_bytes()
            for path in _files(self.folder / "dbt_project" / folder)
            if path.endswith((".sql", ".yml", ".yaml"))
        }

    def sample(self, table: str, rows: int) -> bytes | None:
        """The header and the first rows of a table's seed, None without one."""
        try:
            with (self.folder / "seeds" / f"{table}.csv").open("rb") as seed:
                return b"".join(islice(seed, rows + 1))
        except FileNotFoundError:
            return None

    def texts(self) -> dict[str, str]:
        """Every file that somebody writes by hand, by its path in the folder."""
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

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file that a build depends on, by its path in the folder."""
        return {
            os.path.relpath(path, self.folder): hashlib.sha256(content).hexdigest()
            for path in self._watched()
            if (content := _content(path)) is not None
        }

    def _watched(self) -> Iterator[str]:
        return (path for name in WATCHED for path in _files(self.folder / name))


def blank_lines_above(text: str) -> int:
    """How many lines there are above the first that says something.

    dbt drops them, and counts the lines of the rest.
    """
    return text[: len(text) - len(text.lstrip())].count("\n")


def _files(place: Path) -> Iterator[str]:
    """The files of a project in a folder, in order, or the one file."""
    if place.is_file():
        yield str(place)
    for folder, folders, names in os.walk(place, followlinks=True):
        folders.sort()
        found = sorted(name for name in names if name.endswith(SUFFIXES))
        yield from (os.path.join(folder, name) for name in found)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _content(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        # An editor replaced it between the listing and the look.
        return None


def _stats(files: Iterator[str]) -> Iterator[tuple[str, os.stat_result]]:
    for path in files:
        try:
            yield path, os.stat(path)
        except FileNotFoundError:
            # An editor replaced it between the listing and the look: the next tells.
            continue
