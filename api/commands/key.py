"""Make API keys."""

from __future__ import annotations

import click

from api.middleware.access.keys import new_key


@click.command()
@click.argument("name")
@click.option("--read", is_flag=True, help="One that may read but not write.")
def key(name: str, read: bool) -> None:
    """Make an API key and print it, once, then its line for API_KEYS_FILE."""
    try:
        made, line = new_key(name, "read" if read else "write")
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(made)
    click.echo(line)
    click.echo(
        "The first line is the key: it is kept nowhere, so hand it over now. The second"
        f" goes into API_KEYS_FILE; or set {'READ_KEYS' if read else 'API_KEYS'} to"
        f" {name}:KEY.",
        err=True,
    )


COMMANDS = (key,)
