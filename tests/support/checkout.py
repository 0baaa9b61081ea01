"""A project that is a git checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

AUTHOR = "Ann Example"
IDENTITY = ("-c", f"user.name={AUTHOR}", "-c", "user.email=ann@example.com")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit_all(folder: Path) -> str:
    """Commit every file, in a repository that is made where there is none."""
    if not (folder / ".git").exists():
        git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "As it stands")
    return git(folder, "rev-parse", "HEAD")
