"""The image holds what serves and no more, and the compose files confine it."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from image.dockerfile import context, instructions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.image import COMPOSE, exec_form, image_environment, last_stage
from support.imports import MODULES, imports

from api.config import CHECKOUT, ENGINES
from api.contract.files import WATCHED

SERVED = sorted(CHECKOUT.glob("requirements/serve-*.txt"))
TOOLS = {"pytest", "hypothesis", "mypy", "ruff", "pandas", "schemathesis", "pyspark"}


def requirements(file: Path) -> dict[str, str]:
    """Versions by name."""
    lines = file.read_text().splitlines()
    pairs = [re.match(r"([\w.-]+)(?:\[.*\])?==([^\s;\\]+)", line) for line in lines]
    return {canonicalize_name(pair[1]): pair[2] for pair in pairs if pair}


def brought_along(names: set[str]) -> set[str]:
    """These packages and all that they need, as they are installed here."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            needed = (Requirement(text) for text in metadata.requires(name) or [])
            left += [
                canonicalize_name(need.name)
                for need in needed
                if need.marker is None or need.marker.evaluate({"extra": ""})
            ]
    return found


def test_the_image_gets_what_a_build_watches_and_the_server_and_nothing_else() -> None:
    copied: list[str] = []
    for name, rest in last_stage():
        if name == "COPY":
            copied += rest.removeprefix("--from=build ").split()[:-1]
    there = {name for name in WATCHED if (CHECKOUT / name).exists()}
    assert set(copied) == {*there, "/app/api", "/venv"}


def test_the_context_is_what_the_dockerfile_copies() -> None:
    patterns: list[str] = []
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from="):
            patterns += rest.split()[:-1]
    tops = {path for pattern in patterns for path in CHECKOUT.glob(pattern)}
    assert all(any(CHECKOUT.glob(pattern)) for pattern in patterns)
    let_through = set(context())
    for path in let_through:
        absolute = CHECKOUT / path
        assert absolute in tops or tops & set(absolute.parents), path
    seen = {path for path in tops if {path, *path.rglob("*")} & _absolute(let_through)}
    assert seen == tops
    assert not any(path.name.endswith(".pyc") for path in let_through)


def _absolute(paths: set[Path]) -> set[Path]:
    return {CHECKOUT / path for path in paths}


@pytest.mark.parametrize("file", SERVED, ids=lambda path: str(path.name))
def test_serving_asks_for_no_tool_of_the_tests(file: Path) -> None:
    names = requirements(file)
    assert {"flask", "granian", "dbt-core"} <= names.keys()
    assert not names.keys() & TOOLS


@pytest.mark.parametrize("file", SERVED, ids=lambda path: str(path.name))
def test_everything_that_serving_brings_along_is_pinned(file: Path) -> None:
    names = set(requirements(file))
    installed = {canonicalize_name(d.name) for d in metadata.distributions()}
    # Windows' own.
    if not names - {"tzdata"} <= installed:
        pytest.skip("another engine is installed here")
    found = brought_along(names & installed)
    assert found <= names
    homes = metadata.packages_distributions()
    for path in MODULES:
        for module in {name.split(".")[0] for name in imports(path)} & homes.keys():
            assert {canonicalize_name(name) for name in homes[module]} & found, module


def test_an_image_is_of_an_engine_and_listens_for_its_network() -> None:
    environment = image_environment()
    assert environment["DBT_TARGET"] == "$ENGINE"
    assert (environment["HOST"], environment["PORT"]) == ("0.0.0.0", "5000")
    (user,) = (rest for name, rest in last_stage() if name == "USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_the_health_check_asks_what_is_there(client: FlaskClient) -> None:
    (path,) = re.findall(r"'(/health/\w+)'", exec_form("HEALTHCHECK")[-1])
    assert path in {rule.rule for rule in client.application.url_map.iter_rules()}


@pytest.mark.parametrize("name", sorted(COMPOSE))
def test_a_composed_server_is_confined_and_local(name: str) -> None:
    service = COMPOSE[name]["services"]["hiring"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    mounted = dict(volume.split(":")[:2] for volume in service["volumes"])
    named = {name for name in mounted if not name.startswith(".")}
    assert named <= COMPOSE[name]["volumes"].keys()
    assert {"/warehouse", "/var/tmp"} <= set(mounted.values())
    engine = service["build"]["args"]["ENGINE"] if name != "compose.yaml" else "sqlite"
    assert service["environment"].get("DBT_TARGET", "sqlite") == engine


def test_every_engine_of_an_image_has_its_requirements() -> None:
    named = {
        file["services"]["hiring"]["build"]["args"]["ENGINE"]
        for name, file in COMPOSE.items()
        if name != "compose.yaml"
    }
    there = {path.stem.removeprefix("serve-") for path in SERVED}
    assert named <= there == set(ENGINES)
