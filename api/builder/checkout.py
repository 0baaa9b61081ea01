"""Which version of the project a build was made of, where that is a git checkout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.contract.files import WATCHED, Project

# Of a checkout on a slow disk; a build does not wait for more than that.
GIT_SECONDS = 10.0
# Neither writes to the checkout nor starts what its settings name.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
COMMIT = "%H%x00%an%x00%cd"
IN_UTC = "format-local:%Y-%m-%dT%H:%M:%SZ"

Version = dict[str, Any]


class Checkout:
    """The folder of a project; git is asked again only after something has changed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._asked_of: tuple[str, int] | None = None
        self._head: Version | None = None
        self._log: Path | None = None

    def version(self, digest: str, before: Mapping[str, Any] | None) -> Version | None:
        """The commit, and files of the project that differ from it; None without one.

        `digest` is that of the project, or nothing where it is not known.
        Where `before`, a version that was published, is of another commit,
        `changed_files` are those that differ from that.
        """
        now = digest, self._moved_at()
        if now != self._asked_of or not digest:
            self._head, self._asked_of = self._ask(), now
        head = self._head
        if head is None:
            return None
        changed = head["uncommitted_files"]
        if before and before["commit"] != head["commit"]:
            changed = self._changed_since(before["commit"]) or changed
        return {**head, "changed_files": changed}

    def _ask(self) -> Version | None:
        found = self._git("log", "-1", f"--format={COMMIT}", f"--date={IN_UTC}")
        if found is None:
            return None
        commit, author, committed_at = found.strip().split("\0")
        return {
            "commit": commit,
            "author": author,
            "committed_at": committed_at,
            "uncommitted_files": self._changed_since("HEAD"),
        }

    def _changed_since(self, commit: str) -> list[str]:
        """The files that differ from a commit; none if that is not there any more."""
        differ = ("diff", "--name-only", "--relative", "-z", commit, "--", *WATCHED)
        new = ("ls-files", "--others", "--exclude-standard", "-z", "--", *WATCHED)
        names = (self._git(*differ) or "") + (self._git(*new) or "")
        return sorted(set(names.split("\0")) - {""})

    def _moved_at(self) -> int:
        """When another commit was checked out or made last (ns); 0 without one."""
        if self._log is None:
            place = self._git("rev-parse", "--git-path", "logs/HEAD")
            self._log = self._project.folder / (place or os.devnull).strip()
        try:
            return self._log.stat().st_mtime_ns
        except OSError:
            return 0

    def _git(self, *arguments: str) -> str | None:
        """What git says; None where it is not there, or refuses."""
        try:
            done = subprocess.run(
                [*GIT, *arguments],
                cwd=self._project.folder,
                env={**os.environ, "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=GIT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.decode("utf-8", "replace")
