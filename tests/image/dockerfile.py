"""What the Dockerfile and .dockerignore say, read as far as ours go."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions, each with what follows its name."""
    text = (CHECKOUT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            yield name, rest.strip()


def context() -> Iterator[Path]:
    """The files that .dockerignore lets through, relative to the checkout."""
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for top in sorted(CHECKOUT.iterdir()):
        if top.name.startswith((".git", ".venv")) or top.name == "warehouse":
            continue
        for path in [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]:
            relative = path.relative_to(CHECKOUT)
            if path.is_file() and not _is_ignored(relative, patterns):
                yield relative


def _is_ignored(path: Path, patterns: list[str]) -> bool:
    """The last pattern that meets a file, or a folder above it, decides."""
    ignored = False
    places = [path, *path.parents[:-1]]
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if any(_meets(place, wanted) for place in places):
            ignored = not pattern.startswith("!")
    return ignored


def _meets(place: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(place.name, pattern.removeprefix("**/"))
    same_depth = len(place.parts) == len(Path(pattern).parts)
    return same_depth and fnmatch(str(place), pattern)
