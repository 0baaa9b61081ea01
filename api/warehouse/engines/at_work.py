"""What the builder is at work on, as it shows that, and the same in files."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Work:
    """The step that a build is at, as dbt names it, and since when; times are UTC."""

    step: str
    kind: str
    since: str
    build_since: str


class AtWork(Protocol):
    """What the builder is at work on: it shows that, and may be asked to stop it.

    Only of a builder that runs is there anything to see.
    """

    def show(self, work: Work | None) -> None:
        """By the builder: None when it is done, or stopped."""

    def seen(self) -> Work | None: ...

    def ask_to_stop(self) -> None: ...

    def is_to_stop(self) -> bool:
        """Whether anybody has asked for that, since anything was shown."""


class WorkInFolder:
    """Two files: `at_work.json` by the builder, `stop` by who wants it to stop."""

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
