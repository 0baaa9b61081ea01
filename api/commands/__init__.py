"""The commands: `python -m api serve|load|undo|build|...`.

They print for people and exit for scripts: 0 success, 1 failure, 2 wrong usage,
3 loaded but with rejects.
"""

from __future__ import annotations

from typing import Any

import click

from api.commands import backup, build, key, load, openapi, serve
from api.errors import Problem


class Commands(click.Group):
    """Ends a command that raises a problem with its detail."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(problem.detail) from problem


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Rows in over HTTP, audited marts by dbt, metrics out over HTTP."""


for module in (serve, load, build, openapi, backup, key):
    for command in module.COMMANDS:
        commands.add_command(command)
