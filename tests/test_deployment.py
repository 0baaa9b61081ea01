"""Units, scripts and guides say what the product has, and backups come back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from support.image import COMPOSE, exec_form, image_environment

from api.builder.supervisor import END_SECONDS
from api.commands import commands
from api.config import CHECKOUT, Settings
from api.contract.files import WATCHED

SETTINGS = {spec.name.upper(): spec.default for spec in fields(Settings)}
# Read by others than `Settings`: dbt, Python, the shell, PostgreSQL's tools.
OTHERS = re.compile(r"DBT_TARGET|DBT_\w+_PATH|TMPDIR|PATH|PYTHON\w+|PG[A-Z]+|BACKUP\w+")
UNITS = {path.name: path.read_text() for path in CHECKOUT.glob("deploy/*.service")}
DEPLOYMENT = "".join(
    (CHECKOUT / f"docs/{name}.md").read_text() for name in ("deployment", "operations")
)


def settings_of(lines: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", lines, re.MULTILINE))


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """What each file sets for the server."""
    yield "Dockerfile", image_environment()
    for name, file in COMPOSE.items():
        yield name, file["services"]["hiring"]["environment"]
    yield "hiring.env", settings_of((CHECKOUT / "deploy/hiring.env").read_text())


@pytest.mark.parametrize(("file", "variables"), [*environments()])
def test_every_variable_is_read_by_somebody(
    file: str, variables: dict[str, str]
) -> None:
    for name in variables:
        assert name in SETTINGS or OTHERS.fullmatch(name), name


def test_every_command_that_is_run_exists() -> None:
    assert exec_form("ENTRYPOINT") == ["python", "-m", "api"]
    shell = [*UNITS.values(), DEPLOYMENT, (CHECKOUT / "deploy/back-up").read_text()]
    found = [name for text in shell for name in re.findall(r"-m api (\w[\w-]*)", text)]
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


def test_what_the_units_write_is_what_the_settings_say() -> None:
    variables = settings_of((CHECKOUT / "deploy/hiring.env").read_text())
    sandbox = (CHECKOUT / "deploy/sandbox.conf").read_text()
    assert f"ReadWritePaths={variables['WAREHOUSE_DIR']}\n" in sandbox
    backup = UNITS["hiring-backup.service"]
    assert f"ReadWritePaths={variables['BACKUP_DIR']}\n" in backup
    for found in (variables, image_environment()):
        for place in ("DBT_LOG_PATH", "DBT_TARGET_PATH"):
            assert found[place].startswith(f"{found['WAREHOUSE_DIR']}/")
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
    assert there == named
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
