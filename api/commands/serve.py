"""Serve HTTP, or run only the builder beside another WSGI server."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from api.builder.supervisor import Supervisor
from api.commands.common import FAILED, print_defects, settings_of
from api.config import Settings
from api.contract.files import Project
from api.errors import ContractError
from api.middleware.access.policy import AccessPolicy
from api.warehouse.warehouse import open_warehouse

PUBLIC_WITHOUT_KEYS = (
    "Other machines reach {}, and there is no API key: anybody could load rows. Make a"
    " key with `python -m api key NAME`, then set API_KEYS or API_KEYS_FILE; or listen"
    " on 127.0.0.1."
)


@click.command()
@click.option("--host", help="Address to listen on.  [env HOST, default 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [env PORT, default 5000]")
@click.option("--workers", type=int, help="HTTP processes.  [env WORKERS, default 1]")
def serve(**options: str | int | None) -> None:
    """Serve HTTP, with a builder beside it."""
    from api.server import is_public, try_to_listen
    from api.server import serve as run

    given = {name: value for name, value in options.items() if value is not None}
    settings = settings_of(**given)
    _check_access(settings)
    try:
        if is_public(settings.host) and not settings.has_keys:
            raise click.UsageError(PUBLIC_WITHOUT_KEYS.format(settings.host))
        try_to_listen(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}."
            " Stop what listens there, or choose another with --port or PORT."
        ) from error
    if _prepare(settings):
        click.echo(
            "The warehouse has a builder already: that one builds, ours"
            " stands by to take its place."
        )
    click.echo(f"Serving http://{settings.host}:{settings.port}/  (Ctrl-C ends it)")
    run(settings)


@click.command()
def builder() -> None:
    """Run only the builder, for an API that another WSGI server serves."""
    settings = settings_of()
    supervisor = Supervisor(settings)
    click.echo(
        f"Building {settings.warehouse_dir} whenever it changes  (Ctrl-C ends it)"
    )
    try:
        supervisor.run()
    except KeyboardInterrupt:
        supervisor.stop()


def _check_access(settings: Settings) -> None:
    try:
        AccessPolicy(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _prepare(settings: Settings) -> bool:
    """Prepare the warehouse, and return whether it has a builder.

    Prints the defects of the contract; ends the command if there is no earlier one.
    """
    # Closed before the workers are forked: they must not inherit open databases.
    with closing(open_warehouse(settings)) as warehouse:
        try:
            contract = Project(settings.project_dir).contract()
            warehouse.raw.prepare(contract.tables.values())
        except ContractError as error:
            print_defects(error.defects)
            if not warehouse.raw.declared_tables():
                sys.exit(FAILED)
            click.echo("Until this is mended, the contract as it was before holds.")
        return warehouse.engine.builder_is_running()


COMMANDS = (serve, builder)
