"""Print the OpenAPI document of the project's files, or its breaking changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from api.commands.common import FAILED, contract_of, print_defects, settings_of
from api.openapi.breaking import breaking_changes
from api.openapi.operations import Facts


@click.command()
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="OLD.json",
    help="Print what breaks whoever relies on the metrics of this one, instead.",
)
def openapi(against: Path | None) -> None:
    """Print the OpenAPI document of the project's files; nothing need be built."""
    document = _document()
    if against is None:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    try:
        changes = breaking_changes(json.loads(against.read_bytes()), document)
    except (ValueError, KeyError, TypeError) as error:
        raise click.UsageError(
            f"{against} is not what `python -m api openapi` prints."
        ) from error
    print_defects(changes)
    if changes:
        sys.exit(FAILED)
    click.echo(f"Whoever relies on the metrics of {against} finds them as they were.")


def _document() -> dict[str, Any]:
    """What `GET /openapi.json` returns once the project is published without rows."""
    # Imported here: no other command loads Flask, and the library of the figures has to
    # be loaded after the server has set SHARED_FOLDER.
    from api.routes import openapi_document

    settings = settings_of()
    contract = contract_of(settings)
    marts = {mart.endpoint: mart for mart in contract.marts.values()}
    facts = Facts(
        contract=contract,
        marts=marts,
        examples=dict.fromkeys(marts, ()),
        samples={},
        has_keys=settings.has_keys,
        protect_metrics=settings.protect_metrics,
    )
    return openapi_document(facts)


COMMANDS = (openapi,)
