"""The commands: `python -m api serve|builder|load|build|check`.

Each prints for people and exits for scripts: 0 all well, 1 refused or failed, 2 wrong
usage, 3 loaded but with rejects.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from api.builder.lock import builder_is_running
from api.builder.supervisor import Supervisor, build_once
from api.config import Settings
from api.contract import Contract
from api.errors import ContractError, Problem
from api.loading import Receipt, load_csv, table_named
from api.project import Project
from api.warehouse import Build, Builds, RawStore, Warehouse, open_warehouse

REFUSED, WITH_REJECTS = 1, 3


class Commands(click.Group):
    """Ends a command that a fault of the warehouse stops with what is wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(problem.detail) from problem


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Rows in over HTTP, audited marts by dbt, metrics out over HTTP."""


@commands.command()
@click.option("--host", help="Address to listen on.  [env HOST, default 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [env PORT, default 5000]")
@click.option("--workers", type=int, help="HTTP processes.  [env WORKERS, default 1]")
def serve(**options: str | int | None) -> None:
    """Serve HTTP, with a builder beside it."""
    from api.serving import serve as run
    from api.serving import try_to_listen

    given = {name: value for name, value in options.items() if value is not None}
    settings = _settings(**given)
    try:
        try_to_listen(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}."
            " Stop what listens there, or choose another with --port or PORT."
        ) from error
    _contract_to_serve(settings)
    if builder_is_running(settings.warehouse_dir):
        click.echo(
            f"{settings.warehouse_dir} has a builder already: that one builds, ours"
            " stands by to take its place."
        )
    click.echo(f"Serving http://{settings.host}:{settings.port}/  (Ctrl-C ends it)")
    run(settings)


@commands.command()
def builder() -> None:
    """Run only the builder, for an API that another WSGI server serves."""
    settings = _settings()
    supervisor = Supervisor(settings)
    click.echo(
        f"Building {settings.warehouse_dir} whenever it changes  (Ctrl-C ends it)"
    )
    try:
        supervisor.run()
    except KeyboardInterrupt:
        supervisor.stop()


@commands.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--table", help="Table of the rows; without it, each file's own name.")
@click.option("--no-build", is_flag=True, help="Only store the rows.")
def load(files: tuple[Path, ...], table: str | None, no_build: bool) -> None:
    """Load CSV files, plain or gzip, without a server."""
    settings = _settings()
    contract = _contract(settings)
    warehouse = _warehouse(settings, contract)
    receipts = [_load(warehouse.raw, contract, path, table) for path in files]
    loads = [receipt.load for receipt in receipts if receipt is not None]
    if loads and not no_build:
        newest = max(load.load_id for load in loads)
        _build(settings, warehouse.builds, load_id=newest)
    if len(loads) < len(files):
        sys.exit(REFUSED)
    sys.exit(WITH_REJECTS if any(load.rejected for load in loads) else 0)


@commands.command()
def build() -> None:
    """Build, test and publish now."""
    settings = _settings()
    warehouse = _warehouse(settings, _contract(settings))
    request = warehouse.raw.request_build()
    _build(settings, warehouse.builds, request_id=request)


@commands.command()
def check() -> None:
    """Check the contract: every YAML file of the dbt project, and the stored rows."""
    settings = _settings()
    contract = _contract(settings)
    if (settings.warehouse_dir / "raw.db").exists():
        warehouse = open_warehouse(settings.warehouse_dir)
        complaints = warehouse.raw.refusals(contract.tables.values())
        _complain(complaints)
        sys.exit(REFUSED) if complaints else None
    tables, marts = len(contract.tables), len(contract.marts)
    click.echo(f"The contract holds: {tables} upload tables, {marts} metrics.")


def _settings(**given: str | int) -> Settings:
    """The settings of the environment, those given on the command line before them."""
    try:
        return dataclasses.replace(Settings.from_env(), **given)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _contract(settings: Settings) -> Contract:
    try:
        return Project(settings.project_dir).contract()
    except ContractError as error:
        _complain(error.complaints)
        sys.exit(REFUSED)


def _contract_to_serve(settings: Settings) -> None:
    """Tell what is wrong with the contract; without one of before, end."""
    # Closed before the workers are forked: they must not inherit open databases.
    with closing(open_warehouse(settings.warehouse_dir)) as warehouse:
        try:
            contract = Project(settings.project_dir).contract()
            warehouse.raw.prepare(contract.tables.values())
        except ContractError as error:
            _complain(error.complaints)
            if not warehouse.raw.declared_tables():
                sys.exit(REFUSED)
            click.echo("Until this is mended, the contract as it was before holds.")


def _warehouse(settings: Settings, contract: Contract) -> Warehouse:
    """The warehouse, its upload tables as the contract has them."""
    warehouse = open_warehouse(settings.warehouse_dir)
    try:
        warehouse.raw.prepare(contract.tables.values())
    except ContractError as error:
        _complain(error.complaints)
        sys.exit(REFUSED)
    return warehouse


def _complain(complaints: Iterable[str]) -> None:
    for complaint in complaints:
        click.secho(complaint, fg="red", err=True)


def _load(
    store: RawStore, contract: Contract, path: Path, table: str | None
) -> Receipt | None:
    """Load one file and tell how it went; None when it was refused."""
    name = table or path.name.partition(".")[0]
    try:
        with path.open("rb") as stream:
            receipt = load_csv(store, table_named(contract, name), stream, path.name)
    except (OSError, Problem) as problem:
        detail = getattr(problem, "detail", problem)
        click.secho(f"{path}: {detail}", fg="red", err=True)
        for error in getattr(problem, "extra", {}).get("errors", []):
            click.echo(f"  line {error['line']}: {error['message']}", err=True)
        return None
    load = receipt.load
    verb = "was loaded before as" if receipt.already else "is"
    click.echo(
        f"{path} {verb} load {load.load_id} of {load.table_name}: received "
        f"{load.received}, loaded {load.loaded}, rejected {load.rejected}"
    )
    for reject in receipt.rejects:
        click.echo(f"  line {reject['line']}: {reject['message']}", err=True)
    if load.rejected > len(receipt.rejects):
        click.echo(f"  ... and {load.rejected - len(receipt.rejects)} more", err=True)
    return receipt


def _build(
    settings: Settings, builds: Builds, load_id: int = 0, request_id: int = 0
) -> None:
    """Have it built, by the builder that runs or by one of our own; tell the end."""
    if not builder_is_running(settings.warehouse_dir):
        click.echo("No builder is running: building here.")
        build_once(settings)
    seconds = settings.build_wait_seconds
    wait = builds.wait_for_load if load_id else builds.wait_for_request
    build = wait(load_id or request_id, seconds, lambda: True)
    if build is None:
        click.secho(f"No build came within {seconds:.0f} s.", fg="red", err=True)
        sys.exit(REFUSED)
    _tell(build)
    if not build.published:
        sys.exit(REFUSED)


def _tell(build: Build) -> None:
    click.echo(
        f"Build {build.build_id} {build.status}: {', '.join(sorted(build.marts))}"
    )
    for failure in build.failures:
        rows = f", {failure['rows']} rows" if failure["rows"] else ""
        click.echo(f"  {failure['status']}: {failure['name']}{rows}", err=True)
        click.echo(f"    {failure['message']}", err=True)


if __name__ == "__main__":
    commands(prog_name="python -m api")
