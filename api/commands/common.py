"""What the commands share: settings, contract, warehouse, and printing of problems."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import click

from api.builder.supervisor import BUILDER_TAKEN, build_once
from api.config import Settings
from api.contract import Contract
from api.contract.files import Project
from api.errors import ContractError
from api.warehouse.builds import Build
from api.warehouse.warehouse import Warehouse, open_warehouse
from api.wording import count

FAILED, WITH_REJECTS = 1, 3


def settings_of(**given: str | int) -> Settings:
    """The settings of the environment, overridden by those of the command line."""
    try:
        return dataclasses.replace(Settings.from_env(), **given)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def contract_of(settings: Settings) -> Contract:
    """The contract of the project's files; ends the command if it has defects."""
    try:
        return Project(settings.project_dir).contract()
    except ContractError as error:
        print_defects(error.defects)
        sys.exit(FAILED)


@contextmanager
def warehouse_of(settings: Settings, contract: Contract) -> Iterator[Warehouse]:
    """The warehouse, its upload tables as the contract declares them.

    It is closed at the end, so that no checkpoint is running when the process exits.
    """
    with closing(open_warehouse(settings)) as warehouse:
        try:
            warehouse.raw.prepare(contract.tables.values())
        except ContractError as error:
            print_defects(error.defects)
            sys.exit(FAILED)
        yield warehouse


def print_defects(defects: Iterable[str]) -> None:
    """Print the defects of the project."""
    for defect in defects:
        click.secho(defect, fg="red", err=True)


def print_problem(what: object, problem: Exception) -> None:
    """Print a problem, and the defects of rows that caused it."""
    click.secho(f"{what}: {getattr(problem, 'detail', problem)}", fg="red", err=True)
    for error in getattr(problem, "extra", {}).get("errors", []):
        click.echo(f"  line {error['line']}: {error['message']}", err=True)


def build_and_report(
    settings: Settings, warehouse: Warehouse, load_id: int = 0, request_id: int = 0
) -> None:
    """Wait for a build by the running builder, or build here; print its result."""
    is_alone = False
    if not warehouse.engine.builder_is_running():
        click.echo("No builder is running: building here.")
        is_alone = build_once(settings) != BUILDER_TAKEN
    seconds = settings.build_wait_seconds
    builds = warehouse.builds
    wait = builds.wait_for_load if load_id else builds.wait_for_request
    build = wait(load_id or request_id, seconds, lambda: not is_alone)
    if build is None:
        click.secho(f"No build came within {seconds:.0f} s.", fg="red", err=True)
        sys.exit(FAILED)
    _print_build(build)
    if not build.published:
        sys.exit(FAILED)


def _print_build(build: Build) -> None:
    click.echo(f"Build {build.build_id}: {build.outcome}")
    for failure in build.failures:
        rows = f", {count(failure['rows'], 'row')}" if failure["rows"] else ""
        click.echo(f"  {failure['status']}: {failure['name']}{rows}", err=True)
        click.echo(f"    {failure['words']}", err=True)
        click.echo(f"    {failure['message']}", err=True)
