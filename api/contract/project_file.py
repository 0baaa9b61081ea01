"""dbt_project.yml: keys that dbt does not know, and folders that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from api.contract.dbt_keys import PROJECT, configurations
from api.contract.defects import unknown
from api.wording import did_you_mean

VERSION = re.compile(r"_v\d+$")
# Where files are that a section configures, unless the file itself says so. A folder
# with YAML alone is there, too: what it lacks is told elsewhere.
YAML = (".yml", ".yaml")
SECTIONS = {
    "models": ("model-paths", ["models"], (".sql", ".py", *YAML)),
    "seeds": ("seed-paths", ["seeds"], (".csv", *YAML)),
}
# A folder may have lost its last file, of which dbt warns: only a slip is refused.
SLIP = 0.8

Name = Sequence[str]


def defects_of_change(
    document: Any, paths: Iterable[str], packages: Iterable[str]
) -> Iterator[str]:
    """What is wrong with the file, given every path in the project.

    `packages` are the names of those that are installed.
    """
    yield from unknown(document, PROJECT)
    if not isinstance(document, Mapping):
        return
    for section in SECTIONS:
        tree = document.get(section)
        if isinstance(tree, Mapping):
            own = {key: tree[key] for key in tree.keys() - set(packages)}
            yield from _astray(section, own, _names(document, section, paths))


def config_of(document: Any, path: str) -> dict[str, Any]:
    """What the file configures for the model at a path, the nearest folder last."""
    found: dict[str, Any] = {}
    tree = document.get("models") if isinstance(document, Mapping) else None
    names = _names(document, "models", [path]) if isinstance(tree, Mapping) else []
    for step in (*(names[0] if names else ()), None):
        if not isinstance(tree, Mapping):
            break
        found |= {str(key).lstrip("+"): value for key, value in tree.items()}
        tree = tree.get(step)
    return found


def _names(
    document: Mapping[str, Any], section: str, paths: Iterable[str]
) -> list[Name]:
    """Of each file of a section, the steps that lead to it in the section's tree."""
    key, usual, suffixes = SECTIONS[section]
    roots = [PurePosixPath(root) for root in document.get(key) or usual]
    files = [PurePosixPath(path) for path in paths if path.endswith(suffixes)]
    return [
        (
            str(document.get("name")),
            *file.relative_to(root).parts[:-1],
            VERSION.sub("", file.stem),
        )
        for root in roots
        for file in files
        if file.is_relative_to(root)
    ]


def _astray(
    section: str, tree: Mapping[Any, Any], names: Sequence[Name], at: Sequence[str] = ()
) -> Iterator[str]:
    """Complaints of what is configured for files that there are none of."""
    there = {name[0] for name in names if name}
    known = configurations(section)
    for key, value in tree.items():
        name = str(key)
        if name.startswith("+"):
            continue
        if name in there:
            inner = [rest for first, *rest in names if first == name]
            if isinstance(value, Mapping):
                yield from _astray(section, value, inner, (*at, name))
        elif isinstance(value, Mapping) or f"+{name}" not in known:
            is_folder = isinstance(value, Mapping)
            hint = did_you_mean(name, [*there, *known], SLIP if is_folder else 0.6)
            if hint or not is_folder:
                place = ", ".join((section, *at))
                yield f"{place}: {name!r} is no file or folder there{hint}"
