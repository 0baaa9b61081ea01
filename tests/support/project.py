"""Copies of the dbt project, to be edited."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from api.config import CHECKOUT

PROJECT_PARTS = ("dbt_project", "seeds", "dbt_project.yml", "profiles.yml")

Edit = Callable[[str, str, str], None]


def copy_project(folder: Path) -> Path:
    """The dbt project, and nothing else of the checkout, in a new folder."""
    folder.mkdir()
    for name in PROJECT_PARTS:
        source = CHECKOUT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return folder
