"""What modules there are, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from api.config import CHECKOUT

API = CHECKOUT / "api"

MODULES = sorted(API.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every imported name; those needed only for typing do not count."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.dump(test.test)
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
