"""The documents are true: what they name exists, and what exists is named in them."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import chain
from pathlib import Path
from typing import get_type_hints

import pytest
from flask.testing import FlaskClient
from support.problems import problem_classes

from api import errors
from api.commands import commands
from api.config import CHECKOUT, Settings
from api.contract.data_types import DATA_TYPES
from api.contract.marts import RESERVED_PARAMETERS
from api.formats import FORMATS
from api.formats.charts import THEMES
from api.intake.defects import DEFECT_CODES
from api.routes.builds import BuildBrief
from api.routes.receipts import Receipt

DOCUMENTS = [
    *sorted(CHECKOUT.glob("*.md")),
    *sorted(CHECKOUT.glob("docs/**/*.md")),
    CHECKOUT / "tests/cases/README.md",
]
TEXTS = {path: path.read_text() for path in DOCUMENTS}
README = TEXTS[CHECKOUT / "README.md"]
CONTRIBUTING = TEXTS[CHECKOUT / "CONTRIBUTING.md"]
SECURITY = TEXTS[CHECKOUT / "SECURITY.md"]
INTEGRATORS = TEXTS[CHECKOUT / "docs/integrators.md"]
OPERATIONS = TEXTS[CHECKOUT / "docs/operations.md"]
DECISIONS = [path for path in DOCUMENTS if path.parent.name == "decisions"]
INTAKE = [path.read_text() for path in (CHECKOUT / "api/intake").glob("*.py")]
LINK = re.compile(r"\]\(([^)\s]+)\)|src(?:set)?=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next one of its level."""
    (level,) = re.findall(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    below = text.split(f"\n{level} {title}\n")[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", below)[0]


def anchors(text: str) -> set[str]:
    """The names of a document's headings in links, as GitHub makes them."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = (re.sub(r"[^\w\- ]", "", h.lower()) for h in HEADING.findall(plain))
    return {name.replace(" ", "-") for name in found}


def _named(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=_named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in filter(None, chain.from_iterable(LINK.findall(TEXTS[path]))):
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(TEXTS[target]), link


@pytest.mark.parametrize("path", DOCUMENTS[1:], ids=_named)
def test_every_document_is_linked_from_another(path: Path) -> None:
    found = {
        (other.parent / link.partition("#")[0]).resolve()
        for other, text in TEXTS.items()
        for link, _ in LINK.findall(text)
        if other != path
    }
    assert path in found or path.name == "README.md"


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 250


def test_every_endpoint_is_listed_and_every_listed_endpoint_exists(
    client: FlaskClient,
) -> None:
    rules = {
        f"{method} {re.sub('<[^>]*:?(id|name)>|<[^>]*_id>', _placeholder, rule.rule)}"
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if "/assets/" not in rule.rule
    }
    listed = re.findall(
        r"`((?:GET|POST|DELETE) /\S*)`", section(INTEGRATORS, "Endpoints")
    )
    served = {
        "GET /metrics/employees_per_department",
        "GET /metrics/departments_above_average",
    }
    assert served <= set(listed)
    assert rules - {"GET /metrics/NAME"} == set(listed) - served


def _placeholder(match: re.Match[str]) -> str:
    return "NAME" if "name" in match.group() else "ID"


@pytest.mark.parametrize("name", [*FORMATS, *RESERVED_PARAMETERS, *THEMES])
def test_every_format_and_parameter_of_metrics_is_listed(name: str) -> None:
    assert re.search(rf"`{name}\b", section(INTEGRATORS, "Ask a metric"))


def test_the_answer_to_an_upload_is_shown_as_it_is() -> None:
    (shown,) = re.findall(
        r"^```json\n(.*?)^```$", INTEGRATORS, re.MULTILINE | re.DOTALL
    )
    answer = json.loads(shown)
    assert answer.keys() == get_type_hints(Receipt).keys()
    assert answer["build"].keys() == get_type_hints(BuildBrief).keys() - {"note"}


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_command_and_its_options_are_listed(name: str) -> None:
    listed = section(OPERATIONS, "Commands")
    assert f"| `{name}" in listed
    for option in commands.commands[name].params:
        if option.opts[0].startswith("--") and option.opts[0] != "--help":
            assert f"`{option.opts[0]}`" in listed


def test_every_setting_is_listed_with_its_default() -> None:
    rows = section(OPERATIONS, "Settings")
    listed = dict(re.findall(r"\| `([A-Z_]+)` \| (?:`?([^`|]+?)`? )?\|", rows))
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
    rows = dict(re.findall(r"^\| (\d{3}) \| (.*) \|$", INTEGRATORS, re.MULTILINE))
    assert f"`{problem.code}`" in rows[str(problem.status)]
    assert problem.__name__ in (errors.__doc__ or "")


def test_every_listed_error_code_exists() -> None:
    rows = re.findall(r"^\| \d{3} \| (.*) \|$", INTEGRATORS, re.MULTILINE)
    listed = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert listed == {problem.code for problem in problem_classes()}


def test_every_reason_of_a_reject_is_listed() -> None:
    (line,) = re.findall(r"Reasons of rejects: (.*?)\.\n", INTEGRATORS, re.DOTALL)
    listed = set(re.findall(r"`(\w+)`", line))
    code = re.compile(r'"((?:not|missing|integer|wrong|stray|repeated|unknown)_\w+)"')
    assert listed == DEFECT_CODES.keys()
    assert {
        name for text in INTAKE for name in code.findall(text)
    } <= DEFECT_CODES.keys()
    assert {data_type.code for data_type in DATA_TYPES.values()} <= listed


def test_every_series_for_monitoring_is_listed(client: FlaskClient) -> None:
    served = re.findall(r"^# HELP (\S+)", client.get("/prometheus").text, re.MULTILINE)
    listed = re.findall(r"`(hiring_\w+)`", section(OPERATIONS, "Monitor"))
    assert {name.removesuffix("_created") for name in served} == set(listed)


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


@pytest.mark.parametrize(
    "path", sorted({*re.findall(r"`([\w.-]+/[\w./-]+)`", CONTRIBUTING)})
)
def test_every_path_that_contributors_are_sent_to_exists(path: str) -> None:
    assert (CHECKOUT / path).exists()


def test_every_target_of_the_makefile_is_explained_to_contributors() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    targets = {*phony.replace("\\\n", " ").split()}
    assert {*re.findall(r"`make ([\w-]+)`", CONTRIBUTING)} == targets


def test_every_test_that_security_rests_on_exists() -> None:
    tests = "\n".join(path.read_text() for path in CHECKOUT.glob("tests/**/test_*.py"))
    named = re.findall(r"`(test_\w+)`", SECURITY)
    assert named
    for name in named:
        assert f"def {name}(" in tests, name


def test_decisions_have_a_number_of_their_own_and_a_status() -> None:
    found: list[int] = []
    for path in DECISIONS:
        # A heading, a blank line, the status.
        entries = re.findall(
            r"^#{2,3} (\d+)\. .+\n\n\*(.+)\.\*$", TEXTS[path], re.MULTILINE
        )
        assert len(entries) == len(re.findall(r"^#{2,3} \d", TEXTS[path], re.MULTILINE))
        for number, status in entries:
            assert re.match("Accepted|Superseded by|Tried, of no help", status), number
            found.append(int(number))
    assert sorted(found) == list(range(1, len(found) + 1))


def test_what_a_decision_replaces_says_so_itself() -> None:
    replaced, superseded = set(), set()
    for path in DECISIONS:
        for number, status in re.findall(
            r"^#{2,3} (\d+)\. .+\n\n\*(.+)\.\*$", TEXTS[path], re.MULTILINE
        ):
            others = re.findall(r"\[(\d+)\]", status)
            if status.startswith("Superseded"):
                superseded |= {(other, number) for other in others}
            else:
                replaced |= {(number, other) for other in others}
    assert {old for _, old in replaced} == {old for _, old in superseded}
    assert replaced <= superseded
