"""What is shipped fits the product: image, compose files, units, scripts, DEPLOYMENT.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_architecture import MODULES, imports

from api.builder.supervisor import END_SECONDS
from api.commands import commands
from api.config import CHECKOUT, Settings
from api.project import WATCHED

sys.path.insert(0, str(Path(__file__).parent / "image"))
from dockerfile import context, instructions  # noqa: E402

SETTINGS = {spec.name.upper(): spec.default for spec in fields(Settings)}
# Read by others than `Settings`: dbt, Python, the shell, PostgreSQL's tools.
OTHERS = re.compile(r"DBT_TARGET|DBT_LOG_PATH|TMPDIR|PATH|PYTHON\w+|PG[A-Z]+|BACKUP\w+")
COMPOSE = {
    path.name: yaml.safe_load(path.read_text()) for path in CHECKOUT.glob("compose*")
}
UNITS = {path.name: path.read_text() for path in CHECKOUT.glob("deploy/*.service")}
SERVER_SED = CHECKOUT / "deploy/server.sed"
ENGINES = sorted(
    path
    for path in CHECKOUT.glob("requirements*.txt")
    if re.search("^dbt-core==", path.read_text(), re.MULTILINE)
)
DEPLOYMENT = (CHECKOUT / "DEPLOYMENT.md").read_text()
TOOLS = {"pytest", "hypothesis", "mypy", "ruff", "pandas", "schemathesis", "pyspark"}


def last_stage() -> list[tuple[str, str]]:
    found = list(instructions())
    start = max(i for i, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def image_environment() -> dict[str, str]:
    (line,) = (rest for name, rest in last_stage() if name == "ENV")
    return dict(pair.split("=", 1) for pair in line.split())


def exec_form(wanted: str) -> Any:
    (line,) = (rest for name, rest in last_stage() if name == wanted)
    return json.loads(line[line.index("[") :])


def settings_of(lines: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", lines, re.MULTILINE))


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """What each file sets for the server."""
    yield "Dockerfile", image_environment()
    for name, file in COMPOSE.items():
        yield name, file["services"]["hiring"]["environment"]
    yield "hiring.env", settings_of((CHECKOUT / "deploy/hiring.env").read_text())


def requirements(text: str) -> dict[str, str]:
    """Versions by name."""
    pairs = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pairs}


def asked_for(file: Path) -> dict[str, str]:
    """What `deploy/install` asks for of a file."""
    filtered = subprocess.check_output(["sed", "-f", SERVER_SED, file], text=True)
    return requirements(filtered)


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
    assert set(copied) == {*WATCHED, "/app/api", "/venv"}


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


@pytest.mark.parametrize("file", ENGINES, ids=lambda path: str(path.name))
def test_serving_asks_for_no_tool_of_the_tests(file: Path) -> None:
    names = asked_for(file)
    assert {"flask", "granian", "dbt-core"} <= names.keys()
    assert not names.keys() & TOOLS
    assert names.items() <= requirements(file.read_text()).items()


@pytest.mark.parametrize("file", ENGINES, ids=lambda path: str(path.name))
def test_everything_that_serving_brings_along_is_pinned(file: Path) -> None:
    names = set(asked_for(file))
    installed = {canonicalize_name(d.name) for d in metadata.distributions()}
    if not names <= installed:
        pytest.skip("another engine is installed here")
    found = brought_along(names)
    assert found <= requirements(file.read_text()).keys()
    assert not found & TOOLS
    homes = metadata.packages_distributions()
    for path in MODULES:
        for module in {name.split(".")[0] for name in imports(path)} & homes.keys():
            assert {canonicalize_name(name) for name in homes[module]} & found, module


@pytest.mark.parametrize(("file", "variables"), [*environments()])
def test_every_variable_is_read_by_somebody(
    file: str, variables: dict[str, str]
) -> None:
    for name in variables:
        assert name in SETTINGS or OTHERS.fullmatch(name), name


def test_an_image_is_of_an_engine_and_listens_for_its_network() -> None:
    environment = image_environment()
    assert environment["DBT_TARGET"] == "$ENGINE"
    assert (environment["HOST"], environment["PORT"]) == ("0.0.0.0", "5000")
    (user,) = (rest for name, rest in last_stage() if name == "USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_the_health_check_asks_what_is_there(client: FlaskClient) -> None:
    (path,) = re.findall(r"'(/health/\w+)'", exec_form("HEALTHCHECK")[-1])
    assert path in {rule.rule for rule in client.application.url_map.iter_rules()}


def test_every_command_that_is_run_exists() -> None:
    assert exec_form("ENTRYPOINT") == ["python", "-m", "api"]
    shell = [*UNITS.values(), DEPLOYMENT, (CHECKOUT / "deploy/back-up").read_text()]
    found = [name for text in shell for name in re.findall(r"-m api ([\w-]+)", text)]
    by_script = r"(?:deploy/|\./|--rm )hiring\"? ([a-z-]+)"
    found += [*re.findall(by_script, DEPLOYMENT), *exec_form("CMD")]
    assert {"serve", "snapshot", "restore-snapshot", "check", "key"} <= set(found)
    assert set(found) <= commands.commands.keys()


def test_whoever_stops_it_waits_long_enough() -> None:
    least = SETTINGS["SHUTDOWN_SECONDS"] + END_SECONDS
    for file in COMPOSE.values():
        assert int(file["services"]["hiring"]["stop_grace_period"][:-1]) > least
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNITS["hiring.service"], re.M)
    (by_hand,) = re.findall(r"--stop-timeout (\d+)", DEPLOYMENT)
    assert int(seconds) > least and int(by_hand) > least


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
        f"requirements-{file['services']['hiring']['build']['args']['ENGINE']}.txt"
        for name, file in COMPOSE.items()
        if name != "compose.yaml"
    }
    assert named <= {path.name for path in ENGINES}


def test_what_the_units_write_is_what_the_settings_say() -> None:
    variables = settings_of((CHECKOUT / "deploy/hiring.env").read_text())
    sandbox = (CHECKOUT / "deploy/sandbox.conf").read_text()
    assert f"ReadWritePaths={variables['WAREHOUSE_DIR']}\n" in sandbox
    backup = UNITS["hiring-backup.service"]
    assert f"ReadWritePaths={variables['BACKUP_DIR']}\n" in backup
    assert variables["DBT_LOG_PATH"].startswith(variables["WAREHOUSE_DIR"])
    for unit in UNITS.values():
        for path in re.findall(r"/opt/hiring/current/(\S+)", unit):
            assert path.startswith(".venv/") or (CHECKOUT / path).exists(), path
        assert "EnvironmentFile=/etc/hiring/hiring.env\n" in unit


def test_the_proxy_stands_before_the_server_by_the_name_that_it_takes() -> None:
    proxy = (CHECKOUT / "deploy/Caddyfile").read_text()
    variables = settings_of((CHECKOUT / "deploy/hiring.env").read_text())
    assert f"\n{variables['ALLOWED_HOSTS']} {{\n" in proxy
    assert f"reverse_proxy {SETTINGS['HOST']}:{SETTINGS['PORT']} {{" in proxy


def test_every_file_for_deploying_is_told_of_and_there() -> None:
    there = {path.name for path in (CHECKOUT / "deploy").iterdir()}
    named = {name for name in there if name in DEPLOYMENT}
    # The filter is `deploy/install`'s own.
    assert there - named == {"server.sed"}
    for name in re.findall(r"deploy/([\w.-]+\w)", DEPLOYMENT):
        assert name in there


def test_every_setting_that_is_told_of_is_one() -> None:
    shouted = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", DEPLOYMENT))
    assert shouted and all(n in SETTINGS or OTHERS.fullmatch(n) for n in shouted)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A checkout as a release, with an environment of its own."""
    folder = tmp_path / "release"
    folder.mkdir()
    for name in ("api", "deploy", *WATCHED):
        (folder / name).symlink_to(CHECKOUT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def test_backups_are_made_kept_and_put_back(
    release: Path, warehouse: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    for old in ("2026-01-01T000000Z", "2026-01-02T000000Z", "2026-01-03T00Z.partial"):
        (backups / old).mkdir(parents=True)
    (backups / "notes").mkdir()
    variables = {
        "WAREHOUSE_DIR": str(warehouse),
        "BACKUP_DIR": str(backups),
        "BACKUPS_KEPT": "2",
        "PATH": "/usr/bin:/bin",
    }
    subprocess.run([release / "deploy/back-up"], env=variables, check=True)
    *kept, made, notes = sorted(path.name for path in backups.iterdir())
    assert (kept, notes) == (["2026-01-02T000000Z"], "notes")

    drill = tmp_path / "drill"
    settings = tmp_path / "hiring.env"
    settings.write_text(f"WAREHOUSE_DIR={drill}\n")
    told = subprocess.check_output(
        [release / "deploy/hiring", "restore-snapshot", backups / made],
        env=variables | {"HIRING_ENV": str(settings)},
        text=True,
    )
    assert f"{drill} is as it was at " in told
    assert (drill / "raw.db").exists()
