"""What a build is made from besides the rows, as one digest.

Two builds with the same digest, of the same rows, publish the same marts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from importlib.metadata import version

from api.contract.files import Project

VARIABLE = re.compile(r"env_var\(\s*['\"](\w+)")
# Where the warehouse is, and how it is reached, changes nothing that is in it.
ABOUT_PLACES = "profiles.yml"
PLACES = {"WAREHOUSE_DIR", "SHARED_STORAGE"}


def digest_of(project: Project, engine: str, environ: Mapping[str, str]) -> str:
    """A digest of the project's files, of the variables that they name, and of dbt.

    `engine` is the adapter's name as in `dbt-sqlite`.
    """
    parts = [*surroundings(project, engine, environ), project.digests()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def surroundings(
    project: Project, engine: str, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str | None]]:
    """What a build depends on besides files and rows: versions, and variables."""
    texts = (text for name, text in project.texts().items() if name != ABOUT_PLACES)
    named = {found for text in texts for found in VARIABLE.findall(text)} - PLACES
    versions = [version("dbt-core"), version(f"dbt-{engine}")]
    return versions, {name: environ.get(name) for name in sorted(named)}
