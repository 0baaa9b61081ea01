"""Modules say what lives in them and stay small; the import rules are lint-imports'."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.imports import API, MODULES

LONGEST = 260
# A list to look errors up in, and modules that hold all of a resource.
LONGER = {API / "errors.py": 350, **dict.fromkeys(API.glob("routes/*.py"), 350)}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(API)))
def test_every_module_says_what_lives_in_it_and_stays_small(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= LONGER.get(path, LONGEST)
