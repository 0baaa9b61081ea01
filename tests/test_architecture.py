"""The rooms and the one direction of imports between them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.imports import API, MODULES, imports

# Each room may import the rooms listed, and itself.
ROOMS = {
    "errors": set(),
    "config": set(),
    "durable": set(),
    "suggestion": set(),
    "utc": set(),
    "read_ahead": set(),
    "provenance": set(),
    "plural": set(),
    "wsgi_problems": {"errors", "security_headers"},
    "contract": {"errors", "suggestion"},
    "documents": {"contract"},
    "project": {"contract"},
    "workbooks": {"errors", "foreign_text", "suggestion"},
    "intake": {"contract", "errors", "foreign_text", "suggestion", "workbooks"},
    "rejects_csv": {"foreign_text", "intake"},
    "avro": {"contract", "intake"},
    "query": {
        "contract",
        "errors",
        "foreign_text",
        "intake",
        "suggestion",
    },
    "charts": {"contract"},
    "assets": {"charts"},
    "formats": {"charts", "contract", "foreign_text"},
    "raw_schema": {"contract", "errors"},
    "shared_storage": {"contract", "durable", "intake", "raw_schema"},
    "engines": {
        "config",
        "contract",
        "durable",
        "errors",
        "raw_schema",
        "shared_storage",
        "utc",
    },
    "warehouse": {
        "config",
        "contract",
        "engines",
        "errors",
        "intake",
        "provenance",
        "query",
        "raw_schema",
        "suggestion",
        "utc",
    },
    "loading": {
        "config",
        "contract",
        "errors",
        "foreign_text",
        "intake",
        "plural",
        "provenance",
        "read_ahead",
        "suggestion",
        "warehouse",
    },
    "answers": {
        "contract",
        "foreign_text",
        "formats",
        "query",
        "warehouse",
    },
    "remembered": {"errors", "warehouse"},
    "openapi": {
        "access",
        "avro",
        "charts",
        "contract",
        "documents",
        "errors",
        "formats",
        "intake",
        "query",
    },
    "builder": {
        "config",
        "contract",
        "engines",
        "errors",
        "observing",
        "project",
        "runs",
        "utc",
    },
    "runs": {"contract", "errors", "plural", "project"},
    "context": {
        "answers",
        "builder",
        "config",
        "contract",
        "errors",
        "observing",
        "project",
        "warehouse",
    },
    "routes": {
        "admission",
        "answers",
        "assets",
        "avro",
        "charts",
        "context",
        "contract",
        "documents",
        "engines",
        "errors",
        "foreign_text",
        "formats",
        "json_text",
        "loading",
        "observing",
        "openapi",
        "provenance",
        "query",
        "rejects_csv",
        "security_headers",
        "suggestion",
        "warehouse",
    },
    "serving": {
        "__init__",
        "access",
        "builder",
        "config",
        "engines",
        "observing",
    },
    "__init__": {
        "access",
        "admission",
        "config",
        "context",
        "observing",
        "remembered",
        "routes",
    },
    "commands": {
        "access",
        "avro",
        "builder",
        "config",
        "contract",
        "durable",
        "engines",
        "errors",
        "intake",
        "loading",
        "openapi",
        "plural",
        "project",
        "provenance",
        "serving",
        "warehouse",
    },
    "__main__": {"commands"},
    "security_headers": set(),
    "access": {
        "config",
        "errors",
        "provenance",
        "security_headers",
        "wsgi_problems",
    },
    "foreign_text": set(),
    "json_text": {"errors", "foreign_text"},
    "observing": {
        "access",
        "errors",
        "provenance",
        "utc",
        "warehouse",
        "wsgi_problems",
    },
    "admission": {
        "access",
        "config",
        "errors",
        "plural",
        "provenance",
        "wsgi_problems",
    },
}
# Where each outside library lives; nowhere else.
LIBRARIES = {
    "flask": {"__init__", "routes", "serving"},
    "werkzeug": {"routes"},
    "granian": {"serving"},
    "dbt": {"builder"},
    "dbt_common": {"builder"},
    "sqlite3": {"engines"},
    "adbc_driver_sqlite": {"engines"},
    "adbc_driver_postgresql": {"engines"},
    "adbc_driver_manager": {"engines"},
    "pathspec": {"project"},
    "sqlglot": {"runs"},
    "pyroaring": {"intake"},
    "fastavro": {"avro", "intake"},
    "python_calamine": {"workbooks"},
    "pydantic": {"contract", "documents", "openapi"},
    "vl_convert": {"charts"},
    "cachetools": {"answers", "remembered"},
    "yaml": {"contract"},
    "click": {"commands"},
    "prometheus_client": {"observing", "routes"},
}
PURE = (
    "errors",
    "suggestion",
    "contract",
    "documents",
    "intake",
    "rejects_csv",
    "avro",
    "query",
    "charts",
    "formats",
    "raw_schema",
    "openapi",
    "security_headers",
    "foreign_text",
    "json_text",
)
DOING = {"os", "subprocess", "socket", "pathlib.Path", "tempfile", "shutil"}


def room_of(path: Path) -> str:
    return path.relative_to(API).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(API)))
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "api":
            known = parts[1] if parts[1] in ROOMS else "__init__"
            assert known == room or known in ROOMS[room], f"{room} imports {known}"
        elif parts[0] in LIBRARIES:
            assert room in LIBRARIES[parts[0]], f"{room} imports {parts[0]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(API)))
def test_pure_rooms_do_nothing_outside_themselves(path: Path) -> None:
    if room_of(path) in PURE:
        assert not set(imports(path)) & DOING


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(API)))
def test_every_module_says_what_lives_in_it_and_stays_small(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 260


def test_every_room_is_listed() -> None:
    assert {room_of(path) for path in MODULES} == set(ROOMS)
