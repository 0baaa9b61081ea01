"""The version of the project that was built, where it is a git checkout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.contract.files import WATCHED, Project

# For a checkout on a slow disk; a build waits no longer.
GIT_SECONDS = 10.0
# Does not write to the checkout or run programs that its settings name.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
COMMIT = "%H%x00%an%x00%cd"
IN_UTC = "format-local:%Y-%m-%dT%H:%M:%SZ"

Version = dict[str, Any]


class Checkout:
    """The checkout of a project. git runs again only after something has changed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._asked_for: tuple[str, int] | None = None
        self._head: Version | None = None
        self._log: Path | None = None

    def version(self, digest: str, before: Mapping[str, Any] | None) -> Version | None:
        """The commit and the files that differ from it; None outside a checkout.

        `digest` is the project's, empty if unknown. `changed_files` are the files that
        differ from the commit of `before`, the published version, if it has another.
        """
        now = digest, self._moved_at()
        if now != self._asked_for or not digest:
            self._head, self._asked_for = self._ask(), now
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
        """The files that differ from a commit; none if the commit no longer exists."""
        differ = ("diff", "--name-only", "--relative", "-z", commit, "--", *WATCHED)
        new = ("ls-files", "--others", "--exclude-standard", "-z", "--", *WATCHED)
        names = (self._git(*differ) or "") + (self._git(*new) or "")
        return sorted(set(names.split("\0")) - {""})

    def _moved_at(self) -> int:
        """When a commit was last made or checked out (ns); 0 if unknown."""
        if self._log is None:
            place = self._git("rev-parse", "--git-path", "logs/HEAD")
            self._log = self._project.folder / (place or os.devnull).strip()
        try:
            return self._log.stat().st_mtime_ns
        except OSError:
            return 0

    def _git(self, *arguments: str) -> str | None:
        """The output of git; None where it is missing or fails."""
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
