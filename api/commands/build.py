"""Build now, and check the project and the stored rows that a build reads."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from api.commands.common import (
    FAILED,
    build_and_report,
    contract_of,
    print_defects,
    settings_of,
    warehouse_of,
)
from api.warehouse.engines import engine_of
from api.warehouse.unaccepted import unaccepted_values
from api.warehouse.warehouse import open_warehouse


@click.command()
def build() -> None:
    """Build, test and publish now."""
    settings = settings_of()
    with warehouse_of(settings, contract_of(settings)) as warehouse:
        request = warehouse.raw.request_build()
        build_and_report(settings, warehouse, request_id=request)


@click.command()
def check() -> None:
    """Check the contract: every YAML file of the dbt project, and the stored rows."""
    settings = settings_of()
    contract = contract_of(settings)
    if engine_of(settings).has_warehouse(settings):
        with closing(open_warehouse(settings)) as warehouse:
            declared = list(contract.tables.values())
            defects = warehouse.raw.refusals(declared) or [
                *unaccepted_values(warehouse.raw, declared)
            ]
        print_defects(defects)
        sys.exit(FAILED) if defects else None
    tables, marts = len(contract.tables), len(contract.marts)
    click.echo(f"The contract holds: {tables} upload tables, {marts} metrics.")


COMMANDS = (build, check)
