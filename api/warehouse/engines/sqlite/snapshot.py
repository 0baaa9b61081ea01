"""Snapshots: a copy of the whole warehouse at one moment, made while it is in use.

It holds the ledger with its rows and the published marts, without main.db, which dbt
builds again from those.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import adbc_driver_manager

from api.errors import Conflict, Problem, WarehouseDamaged
from api.warehouse.durable import put_on_disk
from api.warehouse.engines.sqlite.database import Connection
from api.warehouse.engines.sqlite.files import PARTS
from api.warehouse.engines.sqlite.folder_lock import exclusive_lock
from api.warehouse.engines.sqlite.guard import keep_sqlite3_out_of
from api.warehouse.utc import utc_text

LEDGER, PUBLISHED, MAIN = "raw.db", "published.db", "main.db"
# In this order: the published marts must not hold a load that the ledger lacks.
COPIED = (PUBLISHED, LEDGER)
ABOUT = "snapshot.json"


@dataclass(frozen=True)
class Snapshot:
    """The manifest of a snapshot; `files` are SHA-256 digests by name."""

    taken_at: str
    last_load_id: int
    files: dict[str, str]


def take_snapshot(warehouse: Path, target: Path) -> Snapshot:
    """Copy the warehouse into the folder `target`, which must not exist yet.

    The folder appears once it is complete and durable. Raises Conflict.
    """
    if target.exists():
        raise Conflict(f"{target} exists already. Choose a folder that does not.")
    keep_sqlite3_out_of(warehouse)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = {}
    for name in COPIED:
        if (warehouse / name).exists():
            with closing(Connection(warehouse / name)) as connection:
                connection.rows("vacuum into ?", [str(partial / name)])
            put_on_disk(partial / name)
            files[name] = _digest(partial / name)
    with closing(Connection(partial / LEDGER)) as connection:
        newest = connection.rows("select coalesce(max(load_id), 0) as n from loads")
        about = Snapshot(utc_text(), newest[0]["n"], files)
    path = partial / ABOUT
    path.write_text(json.dumps(asdict(about), indent=2) + "\n", encoding="utf-8")
    put_on_disk(path)
    put_on_disk(partial)
    partial.rename(target)
    put_on_disk(target.parent)
    return about


def restore_snapshot(source: Path, warehouse: Path) -> tuple[Snapshot, Path | None]:
    """Restore a snapshot; returns where the previous warehouse is set aside.

    Killed at any moment, the warehouse is the previous one or the snapshot. Raises
    WarehouseBusy while a process has it open, WarehouseDamaged if the snapshot is.
    """
    about = _checked(source)
    with exclusive_lock(warehouse):
        keep_sqlite3_out_of(warehouse)
        for name in about.files:
            shutil.copyfile(source / name, warehouse / f"{name}.incoming")
            put_on_disk(warehouse / f"{name}.incoming")
        aside = _set_aside(warehouse)
        # The ledger last: marts of another ledger would not fit it.
        for name in about.files:
            (warehouse / f"{name}.incoming").replace(warehouse / name)
        put_on_disk(warehouse)
    return about, aside


def _set_aside(warehouse: Path) -> Path | None:
    """Set the old files aside; the old ledger stays in its place, as one file."""
    for end in PARTS:
        (warehouse / f"{MAIN}{end}").unlink(missing_ok=True)
    there = [
        warehouse / f"{name}{end}"
        for name in COPIED
        for end in PARTS
        if (warehouse / f"{name}{end}").exists()
    ]
    if not there:
        return None
    ledger = warehouse / LEDGER
    if ledger in there:
        _empty_wal(ledger)
    stamp = "".join(c for c in utc_text() if c.isdigit())
    aside = warehouse / f"before-restore-{stamp}"
    aside.mkdir()
    for path in there:
        if path != ledger and path.exists():
            path.rename(aside / path.name)
    if ledger in there:
        os.link(ledger, aside / LEDGER)
    return aside


def _empty_wal(path: Path) -> None:
    try:
        with closing(Connection(path)) as connection:
            connection.rows("pragma wal_checkpoint(truncate)")
    except (adbc_driver_manager.Error, Problem):
        # It may be damaged, which may be the reason to restore: kept as it is.
        return


def _checked(source: Path) -> Snapshot:
    try:
        about = Snapshot(**json.loads((source / ABOUT).read_bytes()))
    except (OSError, TypeError, ValueError) as error:
        raise WarehouseDamaged(
            f"{source} is no snapshot: its {ABOUT} cannot be read ({error})."
        ) from error
    for name, digest in about.files.items():
        if name not in COPIED or _digest(source / name) != digest:
            raise WarehouseDamaged(
                f"{source / name} is not what the snapshot was made with. Nothing was"
                " changed; use another snapshot."
            )
    return about


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
