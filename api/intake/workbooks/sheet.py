"""A sheet of a workbook as CSV, read as the process that reads the workbook writes it.

Parsers of workbooks take memory as the file says, not as it is long. So `child` does
it within bounds, and what becomes of it is told here.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import UnsupportedOperation
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NoReturn

from api.errors import TooLarge, UnreadableFile
from api.intake.choice import refuse_choice

_CHILD = Path(__file__).with_name("child.py")
_LONGEST = 1000  # characters of a sheet's name; Excel takes 31
# How the process ends that is out of memory, in Rust or in Python, or out of time.
_OUT_OF_BOUNDS = {-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, 3}
_DAMAGED = (
    "The workbook cannot be read: it is damaged, or holds no sheet. Open it in the"
    " program that wrote it and save the sheet anew, or as CSV, UTF-8."
)


class Sheet:
    """The one sheet that holds something, or the one called `wanted`.

    `name` is None where no sheet holds anything. `within` is put before the names that
    are told. Raises AmbiguousReading, BadParameter, UnreadableFile or TooLarge; the
    process does not outlive this, nor `close`.
    """

    def __init__(self, file: BinaryIO, wanted: str | None, within: str = "") -> None:
        argument = json.dumps(wanted and wanted[:_LONGEST])
        with _on_disk(file) as stdin:
            self._child = subprocess.Popen(
                [sys.executable, "-I", _CHILD, argument],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._child.stdout
        self._text = self._child.stdout
        try:
            told = self._told()
            if "problem" in told:
                _refuse(told, wanted, within)
        except BaseException:
            self.close()
            raise
        self.name: str | None = told["sheet"]

    def read(self, size: int, /) -> bytes:
        chunk = self._text.read(size)
        if len(chunk) < size:
            self._refuse_failure()
        return chunk

    def close(self) -> None:
        """End the process, wherever it is."""
        self._child.kill()
        self._child.wait()
        self._text.close()

    def _told(self) -> dict[str, Any]:
        line = self._text.readline()
        if not line:
            self._refuse_failure()
        told: dict[str, Any] = json.loads(line)
        return told

    def _refuse_failure(self) -> None:
        code = self._child.wait()
        if code in _OUT_OF_BOUNDS:
            raise TooLarge(
                "The workbook takes more memory or time than one may, which is 2 GiB"
                " and two minutes. A cell far away from the others does that, too:"
                " delete what lies beyond the table, or save the sheet as CSV, UTF-8."
            )
        if code:
            raise UnreadableFile(_DAMAGED)


def _refuse(told: dict[str, Any], wanted: str | None, within: str) -> NoReturn:
    if told["problem"] == "locked":
        raise UnreadableFile(
            "The workbook is protected by a password. Save it without one, or save the"
            " sheet as CSV, UTF-8."
        )
    if told["problem"] == "damaged":
        raise UnreadableFile(_DAMAGED)
    names = [within + name for name in told["names"]]
    refuse_choice("workbook", "sheet", names, wanted and within + wanted)


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file at its start, or a copy of one that is in memory only."""
    file.seek(0)
    try:
        file.fileno()
    except UnsupportedOperation:
        with spooled(file) as copy:
            yield copy
    else:
        yield file


@contextmanager
def spooled(stream: Any) -> Iterator[BinaryIO]:
    """What is left of the stream as a file on disk."""
    with TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file
