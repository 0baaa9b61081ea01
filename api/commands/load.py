"""Load files without a server, and undo loads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import click

from api.commands.common import (
    FAILED,
    WITH_REJECTS,
    build_and_report,
    contract_of,
    print_problem,
    settings_of,
    warehouse_of,
)
from api.config import Settings
from api.contract import Table
from api.errors import Problem
from api.loading import (
    LoadOptions,
    Receipt,
    Said,
    limits_of,
    load_csv,
    parse_said,
    table_named,
)
from api.loading import undo as undo_load
from api.warehouse.ledger import Load
from api.warehouse.provenance import Provenance
from api.warehouse.raw_store import RawStore

BY = Provenance(actor="command line")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--table", help="Table of the rows; without it, each file's own name.")
@click.option("--replace", is_flag=True, help="Make each file the whole table.")
@click.option("--no-build", is_flag=True, help="Only store the rows.")
@click.option("--encoding", help="Where it is not UTF-8: windows-1252, say.")
@click.option("--delimiter", help="Between two cells: ; or the word tab, say.")
@click.option("--dates", help="What of a day comes first: day_first or month_first.")
@click.option("--sheet", help="The sheet of a workbook, or the file of a zip.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=COLUMN",
    help="What a header means; nothing after the sign passes it over.",
)
@click.option("--remember", is_flag=True, help="Read others of this header alike.")
def load(
    files: tuple[Path, ...],
    table: str | None,
    replace: bool,
    no_build: bool,
    columns: tuple[str, ...],
    remember: bool,
    **said: str | None,
) -> None:
    """Load CSV files and workbooks, packed or not, without a server."""
    settings = settings_of()
    meant = dict(_split(text) for text in columns)
    options = LoadOptions(
        "replace" if replace else "append",
        by=BY,
        limits=limits_of(settings),
        said=_said(said, meant),
        remember=remember,
    )
    loads = load_files(settings, load_csv, files, table, options, not no_build)
    if len(loads) < len(files):
        sys.exit(FAILED)
    sys.exit(WITH_REJECTS if any(load.rejected for load in loads) else 0)


def _said(fields: dict[str, str | None], columns: Mapping[str, str]) -> Said:
    try:
        return parse_said(columns=columns, **fields)
    except Problem as problem:
        raise click.UsageError(problem.detail) from problem


def _split(text: str) -> tuple[str, str]:
    header, sign, column = text.rpartition("=")
    if not sign:
        raise click.BadParameter(f"{text!r} is not HEADER=COLUMN", param_hint="column")
    return header, column


@click.command()
@click.argument("load_id", metavar="ID", type=int)
@click.option("--no-build", is_flag=True, help="Only note it in the ledger.")
def undo(load_id: int, no_build: bool) -> None:
    """Take load ID out as if it had never been; of an undo, bring its load back."""
    settings = settings_of()
    with warehouse_of(settings, contract_of(settings)) as warehouse:
        receipt = undo_load(warehouse.raw, load_id, LoadOptions(by=BY))
        entry = receipt.load
        out = "out of" if entry.mode == "undo" else "back in"
        was = "was" if receipt.already else "is"
        click.echo(
            f"Load {entry.of_load} {was} taken {out} {entry.table_name} by entry"
            f" {entry.load_id}; `undo {entry.load_id}` undoes that."
        )
        if not no_build:
            build_and_report(settings, warehouse, load_id=entry.load_id)


def load_files(
    settings: Settings,
    load_one: Callable[[RawStore, Table, BinaryIO, str, LoadOptions], Receipt],
    files: Iterable[Path],
    table: str | None,
    options: LoadOptions,
    build: bool,
) -> list[Load]:
    """Load each file and print its receipt, then build if asked and print the result.

    Returns the loads of the files that could be loaded.
    """
    contract = contract_of(settings)
    loads = []
    with warehouse_of(settings, contract) as warehouse:
        for path in files:
            name = table or path.name.partition(".")[0]
            try:
                with path.open("rb") as stream:
                    into = table_named(contract, name)
                    receipt = load_one(warehouse.raw, into, stream, path.name, options)
            except (OSError, Problem) as problem:
                print_problem(path, problem)
                continue
            _print_receipt(path, receipt)
            loads.append(receipt.load)
        if loads and build:
            newest = max(load.load_id for load in loads)
            build_and_report(settings, warehouse, load_id=newest)
    return loads


def _print_receipt(path: Path, receipt: Receipt) -> None:
    """Print the receipt of a file."""
    load = receipt.load
    verb = "was loaded before as" if receipt.already else "is"
    click.echo(
        f"{path} {verb} load {load.load_id} of {load.table_name}: received "
        f"{load.received}, loaded {load.loaded}, rejected {load.rejected}"
    )
    if isinstance(load.reading, dict):
        reading = {name: value for name, value in load.reading.items() if value}
        columns = reading.pop("columns", [])
        reading |= {column["name"]: column["column"] or "nothing" for column in columns}
        pairs = (f"{name} {value}" for name, value in reading.items())
        click.echo(f"  read with {', '.join(pairs)}")
    for reject in receipt.rejects:
        click.echo(f"  line {reject['line']}: {reject['message']}", err=True)
    if load.rejected > len(receipt.rejects):
        click.echo(f"  ... and {load.rejected - len(receipt.rejects)} more", err=True)


COMMANDS = (load, undo)
