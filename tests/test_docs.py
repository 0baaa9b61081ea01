"""README is true: every endpoint, command, setting, code and path in it, and back."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import get_type_hints

import pytest
from flask.testing import FlaskClient
from support.problems import problem_classes

from api import errors
from api.commands import commands
from api.config import CHECKOUT, Settings
from api.contract.marts import TAKEN_PARAMETERS
from api.formats import FORMATS
from api.formats.charts import THEMES
from api.routes.receipts import Receipt

README = (CHECKOUT / "README.md").read_text()
INTAKE = [path.read_text() for path in (CHECKOUT / "api/intake").glob("*.py")]


def test_every_endpoint_is_listed_and_every_listed_endpoint_exists(
    client: FlaskClient,
) -> None:
    rules = {
        f"{method} {re.sub('<[^>]*:?(id|name)>|<[^>]*_id>', _placeholder, rule.rule)}"
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if "/assets/" not in rule.rule
    }
    listed = set(
        re.findall(r"`((?:GET|POST|DELETE) /\S*)`", README.split("## Errors")[0])
    )
    served = {
        "GET /metrics/employees_per_department",
        "GET /metrics/departments_above_average",
    }
    assert served <= listed
    assert rules - {"GET /metrics/NAME"} == listed - served


def _placeholder(match: re.Match[str]) -> str:
    return "NAME" if "name" in match.group() else "ID"


@pytest.mark.parametrize("name", [*FORMATS, *TAKEN_PARAMETERS, *THEMES])
def test_every_format_and_parameter_of_metrics_is_listed(name: str) -> None:
    section = README.split("## Ask a metric")[1].split("\n## ")[0]
    assert re.search(rf"`{name}\b", section)


def test_the_answer_to_an_upload_is_shown_as_it_is() -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert json.loads(shown).keys() == get_type_hints(Receipt).keys()


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_command_and_its_options_are_listed(name: str) -> None:
    section = README.split("## Commands")[1].split("## Settings")[0]
    assert f"| `{name}" in section
    for option in commands.commands[name].params:
        if option.opts[0].startswith("--") and option.opts[0] != "--help":
            assert f"`{option.opts[0]}`" in section


def test_every_setting_is_listed_with_its_default() -> None:
    section = README.split("## Settings")[1].split("\n## ")[0]
    listed = dict(re.findall(r"\| `([A-Z_]+)` \| (?:`?([^`|]+?)`? )?\|", section))
    defaults = {f.name.upper(): _shown(f.default) for f in dataclasses.fields(Settings)}
    assert set(listed) == set(defaults)
    listed["PROJECT_DIR"] = defaults["PROJECT_DIR"]
    assert {n: text.removesuffix(".0") for n, text in defaults.items()} == listed


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return str(int(default) if isinstance(default, bool) else default)


@pytest.mark.parametrize("problem", problem_classes(), ids=lambda p: p.code)
def test_every_error_code_is_listed_under_its_status(
    problem: type[errors.Problem],
) -> None:
    rows = dict(re.findall(r"^\| (\d{3}) \| (.*) \|$", README, re.MULTILINE))
    assert f"`{problem.code}`" in rows[str(problem.status)]
    assert problem.__name__ in (errors.__doc__ or "")


def test_every_listed_error_code_exists() -> None:
    rows = re.findall(r"^\| \d{3} \| (.*) \|$", README, re.MULTILINE)
    listed = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert listed == {problem.code for problem in problem_classes()}


def test_every_reason_of_a_reject_is_listed() -> None:
    (line,) = re.findall(r"Reasons of rejects: (.*?)\.\n", README, re.DOTALL)
    listed = set(re.findall(r"`(\w+)`", line))
    code = re.compile(r'"((?:not|missing|integer|wrong|stray|repeated|unknown)_\w+)"')
    assert listed == {name for text in INTAKE for name in code.findall(text)}


@pytest.mark.parametrize(
    "path", re.findall(r"^(?:  )?([a-z_]+(?:/|\.py))  ", README, re.MULTILINE)
)
def test_every_path_of_the_tree_exists(path: str) -> None:
    assert any((CHECKOUT / top / path).exists() for top in ("", "api", "dbt_project"))


def test_no_room_is_missing_from_the_tree() -> None:
    listed = set(re.findall(r"^(?:  )?([a-z_]+)(?:/|\.py)  ", README, re.MULTILINE))
    rooms = {path.name for path in (CHECKOUT / "api").iterdir() if path.is_dir()}
    tops = {path.name for path in CHECKOUT.iterdir() if path.is_dir()}
    hidden = {"__pycache__", "warehouse", "logs", "target", "bench"}
    visible = {name for name in rooms | tops if not name.startswith(".")}
    assert visible - hidden <= listed
