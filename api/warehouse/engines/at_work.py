"""The step that the builder is at: how it is shown, and kept in files."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Work:
    """The step of a build, as dbt names it, and when it began; times are UTC."""

    step: str
    kind: str
    since: str
    build_since: str


class AtWork(Protocol):
    """The step that the builder shows, and a request to stop the build.

    Only a running builder shows one.
    """

    def show(self, work: Work | None) -> None:
        """Show the step; None when the build is done or stopped. For the builder."""

    def seen(self) -> Work | None: ...

    def ask_to_stop(self) -> None: ...

    def is_to_stop(self) -> bool:
        """Whether a stop was requested since a step was shown."""


class WorkInFolder:
    """Two files: `at_work.json` of the builder, `stop` of who stops the build."""

    def __init__(self, folder: Path) -> None:
        self._work = folder / "at_work.json"
        self._stop = folder / "stop"

    def show(self, work: Work | None) -> None:
        if work is None:
            self._work.unlink(missing_ok=True)
            self._stop.unlink(missing_ok=True)
            return
        new = self._work.with_suffix(".new")
        new.write_text(json.dumps(asdict(work)))
        os.replace(new, self._work)

    def seen(self) -> Work | None:
        with suppress(FileNotFoundError):
            return Work(**json.loads(self._work.read_bytes()))
        return None

    def ask_to_stop(self) -> None:
        self._stop.touch()

    def is_to_stop(self) -> bool:
        return self._stop.exists()
