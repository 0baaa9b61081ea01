"""The dbt project as files: where they are, what they say, whether they changed.

What they mean is for `contract` (YAML) and dbt (SQL).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from api.contract import Contract, read_project

WATCHED = ("dbt_project", "seeds", "dbt_project.yml", "profiles.yml")
SUFFIXES = (".sql", ".yml", ".yaml", ".csv", ".md")

Fingerprint = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Project:
    """The folder that holds dbt_project.yml."""

    folder: Path

    def contract(self) -> Contract:
        """Read the whole contract; raises ContractError with every complaint."""
        models = self.folder / "dbt_project" / "models"
        texts = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self._files(models)
            if path.suffix in (".sql", ".yml", ".yaml")
        }
        return read_project(texts)

    def sample(self, table: str, rows: int) -> bytes | None:
        """The header and the first rows of a table's seed, None without one."""
        try:
            with (self.folder / "seeds" / f"{table}.csv").open("rb") as seed:
                return b"".join(islice(seed, rows + 1))
        except FileNotFoundError:
            return None

    def texts(self) -> dict[str, str]:
        """Every file that somebody writes by hand, by its path in the folder."""
        files = (path for name in WATCHED for path in self._files(self.folder / name))
        return {
            str(path.relative_to(self.folder)): text
            for path in files
            if path.suffix != ".csv" and (text := _text(path)) is not None
        }

    def fingerprint(self) -> Fingerprint:
        """Modification time (ns) and size of every file that a build depends on."""
        files = (path for name in WATCHED for path in self._files(self.folder / name))
        return {
            str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in _stats(files)
        }

    @staticmethod
    def _files(place: Path) -> Iterator[Path]:
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from sorted(p for p in place.rglob("*") if p.suffix in SUFFIXES)


def blank_lines_above(text: str) -> int:
    """How many lines there are above the first that says something.

    dbt drops them, and counts the lines of the rest.
    """
    return text[: len(text) - len(text.lstrip())].count("\n")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        # An editor replaced it between the listing and the look.
        return None


def _stats(files: Iterator[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for path in files:
        try:
            yield path, path.stat()
        except FileNotFoundError:
            # An editor replaced it between the listing and the look: the next tells.
            continue
