"""Macros of the project that are plain Jinja: what dbt and the builder both go by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment

MACROS = Path("dbt_project/macros")


def plain_macros(project: Path, name: str) -> Any:
    """The macros of one file, `audit/complaints`, as functions that give texts."""
    text = (project / MACROS / f"{name}.sql").read_text(encoding="utf-8")
    template = Environment(extensions=["jinja2.ext.do"]).from_string(text)
    return template.make_module({"modules": {"re": re}})
