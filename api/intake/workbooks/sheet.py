"""A sheet of a workbook as CSV, from the process that reads the workbook.

Parsers of workbooks allocate as much memory as the file demands. So `child` runs one
within limits, and this module raises its problems.
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
from api.intake.choice import raise_choice

_CHILD = Path(__file__).with_name("child.py")
_LONGEST = 1000  # characters of a sheet's name; Excel takes 31
# Exit codes of a process that ran out of memory, in Rust or in Python, or of time.
_OUT_OF_BOUNDS = {-signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, 3}
_DAMAGED = (
    "The workbook cannot be read: it is damaged, or holds no sheet. Open it in the"
    " program that wrote it and save the sheet anew, or as CSV, UTF-8."
)


class Sheet:
    """The sheet named `wanted`, or the only one that is not empty.

    `name` is None if all sheets are empty. Messages put `within` before the names of
    sheets. Raises AmbiguousReading, BadParameter, UnreadableFile or TooLarge; the
    process ends when this raises, and at `close`.
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
            result = self._read_result()
            if "problem" in result:
                _raise_problem(result, wanted, within)
        except BaseException:
            self.close()
            raise
        self.name: str | None = result["sheet"]

    def read(self, size: int, /) -> bytes:
        chunk = self._text.read(size)
        if len(chunk) < size:
            self._check_exit()
        return chunk

    def close(self) -> None:
        """End the process, finished or not."""
        self._child.kill()
        self._child.wait()
        self._text.close()

    def _read_result(self) -> dict[str, Any]:
        line = self._text.readline()
        if not line:
            self._check_exit()
        result: dict[str, Any] = json.loads(line)
        return result

    def _check_exit(self) -> None:
        code = self._child.wait()
        if code in _OUT_OF_BOUNDS:
            raise TooLarge(
                "The workbook takes more memory or time than one may, which is 2 GiB"
                " and two minutes. A cell far away from the others does that, too:"
                " delete what lies beyond the table, or save the sheet as CSV, UTF-8."
            )
        if code:
            raise UnreadableFile(_DAMAGED)


def _raise_problem(result: dict[str, Any], wanted: str | None, within: str) -> NoReturn:
    if result["problem"] == "locked":
        raise UnreadableFile(
            "The workbook is protected by a password. Save it without one, or save the"
            " sheet as CSV, UTF-8."
        )
    if result["problem"] == "damaged":
        raise UnreadableFile(_DAMAGED)
    names = [within + name for name in result["names"]]
    raise_choice("workbook", "sheet", names, wanted and within + wanted)


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file at its start, or a copy on disk if it is only in memory."""
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
    """The rest of the stream as a file on disk."""
    with TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file
