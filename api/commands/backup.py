"""Backups of tables as Avro files, and snapshots of the whole warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from api.commands.common import (
    FAILED,
    contract_of,
    settings_of,
    warehouse_of,
)
from api.commands.load import BY, load_files
from api.config import Settings
from api.errors import Conflict
from api.formats.avro import write_avro
from api.loading import LoadOptions, limits_of, load_avro, table_named
from api.warehouse.durable import put_on_disk
from api.warehouse.engines import engine_of
from api.wording import count

SUFFIX = ".avro"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--table", "names", multiple=True, help="Only this table.")
def backup(folder: Path, names: tuple[str, ...]) -> None:
    """Write every table as it stands into FOLDER, as TABLE.avro, all of one moment."""
    settings = settings_of()
    contract = contract_of(settings)
    with (
        warehouse_of(settings, contract) as warehouse,
        warehouse.raw.moment() as moment,
    ):
        tables = [table_named(contract, name) for name in names or contract.tables]
        folder.mkdir(parents=True, exist_ok=True)
        for table in tables:
            path = folder / f"{table.name}{SUFFIX}"
            new = path.with_suffix(".new")
            with moment.newest(table) as (number, rows), new.open("wb") as file:
                write_avro(table, rows, number, file)
            put_on_disk(new)
            new.replace(path)
            click.echo(f"{path}: {count(number, 'row')}")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--table", help="Table of the rows; without it, each file's own name.")
@click.option("--lenient", is_flag=True, help="Leave out rows that are rejected.")
@click.option("--no-build", is_flag=True, help="Only store the rows.")
def restore(
    paths: tuple[Path, ...], table: str | None, lenient: bool, no_build: bool
) -> None:
    """Make files, or all TABLE.avro of a folder, the whole of their tables.

    Each is a load that can be undone. Without --lenient one bad row refuses its file.
    """
    settings = settings_of()
    options = LoadOptions("replace", not lenient, by=BY, limits=limits_of(settings))
    files = list(_files(paths))
    if not files:
        raise click.ClickException(f"There is no *{SUFFIX} in {paths[0]}.")
    loads = load_files(settings, load_avro, files, table, options, not no_build)
    sys.exit(FAILED if len(loads) < len(files) else 0)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def snapshot(folder: Path) -> None:
    """Copy the whole warehouse into the new FOLDER, while it is written and served."""
    settings = settings_of()
    _check_snapshots(settings)
    from api.warehouse.engines.sqlite.snapshot import take_snapshot

    if not engine_of(settings).has_warehouse(settings):
        raise click.ClickException(
            f"There is no warehouse in {settings.warehouse_dir}."
        )
    about = take_snapshot(settings.warehouse_dir, folder)
    click.echo(f"{folder}: everything up to entry {about.last_load_id} of the ledger")


@click.command("restore-snapshot")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
def restore_from_snapshot(folder: Path) -> None:
    """Make the warehouse what a snapshot in FOLDER says; its server must be stopped."""
    settings = settings_of()
    _check_snapshots(settings)
    from api.warehouse.engines.sqlite.snapshot import restore_snapshot

    about, aside = restore_snapshot(folder, settings.warehouse_dir)
    click.echo(
        f"{settings.warehouse_dir} is as it was at {about.taken_at}, up to entry"
        f" {about.last_load_id} of the ledger. The next start builds it anew."
    )
    if aside is not None:
        click.echo(f"What it was before is kept in {aside}.")


def _check_snapshots(settings: Settings) -> None:
    """Raise Conflict where tools of the engine's own copy a whole warehouse."""
    if instead := engine_of(settings).INSTEAD_OF_SNAPSHOTS:
        raise Conflict(instead)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]


COMMANDS = (backup, restore, snapshot, restore_from_snapshot)
