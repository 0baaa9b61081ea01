"""dbt_project.yml: what it configures, unknown keys, and folders that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from api.contract.dbt_keys import PROJECT, configurations
from api.contract.defects import unknown_key_defects
from api.wording import did_you_mean

VERSION = re.compile(r"_v\d+$")
YAML = (".yml", ".yaml")
# The folders of each section, by key and default, and the suffixes of its files. YAML
# counts: where it is alone, the missing SQL is reported elsewhere.
SECTIONS = {
    "models": ("model-paths", ["models"], (".sql", ".py", *YAML)),
    "seeds": ("seed-paths", ["seeds"], (".csv", *YAML)),
}
# How close an unknown folder is to a known name if it must be a typing mistake. Others
# may have lost their last file, of which dbt warns.
MISTYPED = 0.8

Name = Sequence[str]


def project_file_defects(
    document: Any, paths: Iterable[str], packages: Iterable[str]
) -> Iterator[str]:
    """The defects of the file, given every path in the project.

    `packages` are the names of the installed packages.
    """
    yield from unknown_key_defects(document, PROJECT)
    if not isinstance(document, Mapping):
        return
    for section in SECTIONS:
        tree = document.get(section)
        if isinstance(tree, Mapping):
            own = {key: tree[key] for key in tree.keys() - set(packages)}
            yield from _missing_folder_defects(
                section, own, _names(document, section, paths)
            )


def folder_config(document: Any, path: str) -> dict[str, Any]:
    """The config of the model at a path; inner folders override outer ones."""
    config: dict[str, Any] = {}
    tree = document.get("models") if isinstance(document, Mapping) else None
    names = _names(document, "models", [path]) if isinstance(tree, Mapping) else []
    for step in (*(names[0] if names else ()), None):
        if not isinstance(tree, Mapping):
            break
        config |= {str(key).lstrip("+"): value for key, value in tree.items()}
        tree = tree.get(step)
    return config


def _names(
    document: Mapping[str, Any], section: str, paths: Iterable[str]
) -> list[Name]:
    """The path of each file of a section in the tree of that section."""
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


def _missing_folder_defects(
    section: str, tree: Mapping[Any, Any], names: Sequence[Name], at: Sequence[str] = ()
) -> Iterator[str]:
    """Configured folders and files that do not exist."""
    existing = {name[0] for name in names if name}
    known = configurations(section)
    for key, value in tree.items():
        name = str(key)
        if name.startswith("+"):
            continue
        if name in existing:
            inner = [rest for first, *rest in names if first == name]
            if isinstance(value, Mapping):
                yield from _missing_folder_defects(section, value, inner, (*at, name))
        elif isinstance(value, Mapping) or f"+{name}" not in known:
            is_folder = isinstance(value, Mapping)
            candidates = [*existing, *known]
            hint = did_you_mean(name, candidates, MISTYPED if is_folder else 0.6)
            if hint or not is_folder:
                place = ", ".join((section, *at))
                yield f"{place}: {name!r} is no file or folder there{hint}"
