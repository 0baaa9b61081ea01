"""What the suite asks of an engine: warehouses of its own, and a server to start and
stop if it has one."""

from __future__ import annotations

from pathlib import Path


class Backend:
    """One engine for the whole session, which starts it and closes it."""

    name: str
    # How often what is repeated to be certain is repeated: fewer where builds are slow.
    rounds = 2
    # How many million rows take a second or more to count.
    slow_rows = 30
    # Within how many seconds a build of a dbt in a terminal is what is served.
    handover = 0.0
    # Whether a warehouse can be copied once it was built.
    can_copy = False
    # Whether what is committed has to outlive the machine, and not just the server.
    durable = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def variables(self) -> dict[str, str]:
        """Those by which server, commands and dbt find the newest warehouse.

        WAREHOUSE_DIR is not among them: whoever starts a server chooses it.
        """
        raise NotImplementedError

    def new_warehouse(self, sample: Path | None = None) -> dict[str, str]:
        """The variables of a new warehouse: an empty one, or a copy of a kept one."""
        raise NotImplementedError

    def keep(self, folder: Path) -> None:
        """Put what the newest warehouse has outside of its WAREHOUSE_DIR in there."""

    def start(self) -> None:
        """Start the engine's own server, if it has one, and wait for it."""

    def stop(self) -> None:
        """Stop that server at once, whatever it does."""

    def tables(self, warehouse: Path) -> set[str]:
        """Those of the schema main, in the newest warehouse."""
        raise NotImplementedError

    def add_table(self, warehouse: Path, name: str) -> None:
        """Make one in the schema main that nobody but its owner knows of."""
        raise NotImplementedError

    def bytes_stored(self, warehouse: Path) -> int:
        """What the newest warehouse takes, in its WAREHOUSE_DIR and elsewhere."""
        return bytes_in(warehouse)

    def close(self) -> None:
        """Leave nothing running, and no file."""


def bytes_in(folder: Path) -> int:
    """The size of all files in it, at any depth."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
