"""What a file comes in: as it is, gzipped, in a zip, or as a sheet of a workbook.

Its bytes decide, never its name. Workbooks are taken apart in `workbooks`.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import BinaryIO, Literal

from api.errors import BadParameter, BinaryContent, EmptyFile, UnreadableFile
from api.intake.options import Limits
from api.intake.unpacking import (
    Bound,
    Bounded,
    Gunzipped,
    Readable,
    Rejoined,
    fill,
)
from api.intake.workbooks import Sheet, refuse_choice, spooled
from api.intake.zips import Workbook, Zip
from api.wording import quoted

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0"  # .xls, and a workbook with a password
_MARK = 4
PACKED = (_GZIP, *_ZIP, _OLE)


@dataclass(frozen=True)
class Container:
    """`part` is the file of a zip, or the sheet of a workbook."""

    kind: Literal["plain", "gzip", "zip"] | Workbook = "plain"
    part: str | None = None

    @property
    def is_workbook(self) -> bool:
        """Whether each record of the text stands for a row of cells."""
        return self.kind not in ("plain", "gzip", "zip")


def opened(
    stream: BinaryIO, limits: Limits, sheet: str | None = None
) -> tuple[Readable, Container]:
    """The text that a file holds, and what it came in; to be closed by the caller.

    `sheet` is the sheet or file that is wanted of several. Raises AmbiguousReading,
    BadParameter, EmptyFile, UnreadableFile or TooLarge, here or while it is read.
    """
    start = fill(stream, _MARK)
    whole = Rejoined(start, stream)
    if sheet and not start.startswith((*_ZIP, _OLE)):
        raise BadParameter(
            f"The file has no sheets, but sheet={quoted(sheet)} names one. Leave it"
            " out."
        )
    if start.startswith(_GZIP):
        return Gunzipped(whole, limits.unpacked_bytes), Container("gzip")
    if not start.startswith(PACKED):
        return whole, Container()
    if not stream.seekable():
        raise UnreadableFile(
            "A zip file or a workbook cannot be read from a pipe. Save it to a file"
            " first."
        )
    return _of_packed(stream, limits, sheet)


def _of_packed(
    file: BinaryIO, limits: Limits, wanted: str | None, within: str = ""
) -> tuple[Readable, Container]:
    """What a zip or a workbook holds, `within` the file of a zip where it is in one."""
    most = limits.unpacked_bytes
    size = file.seek(0, 2)
    file.seek(0)
    kind: Workbook = "xls"
    if not file.read(_MARK).startswith(_OLE):
        archive = Zip(file, size, most)
        if (found := archive.workbook()) is None:
            return _of_zip(archive, limits, wanted, within)
        kind = found
        archive.refuse_bomb()
    sheet = Sheet(file, wanted, within)
    text = Bounded(sheet, Bound("workbook", most), lambda: size)
    return text, Container(kind, sheet.name)


def _of_zip(
    archive: Zip, limits: Limits, wanted: str | None, within: str
) -> tuple[Readable, Container]:
    if within:
        raise BinaryContent("The zip file holds another one: unpack it, and send that.")
    file, sheet = _chosen(archive.files, wanted)
    content = archive.open(file)
    start = fill(content, _MARK)
    if start.startswith(PACKED) and not start.startswith(_GZIP):
        with spooled(Rejoined(start, content)) as packed:
            return _of_packed(packed, limits, sheet, f"{file.filename}/")
    if sheet is not None:
        refuse_choice("zip file", "file", [file.filename], wanted)
    text: Readable = Rejoined(start, content)
    if start.startswith(_GZIP):
        text = Gunzipped(text, limits.unpacked_bytes)
    return text, Container("zip", file.filename)


def _chosen(
    files: list[zipfile.ZipInfo], wanted: str | None
) -> tuple[zipfile.ZipInfo, str | None]:
    """The one file, or that which is wanted, and what is wanted of its sheets."""
    if not files:
        raise EmptyFile("The zip file is empty: it holds no file.")
    # As FILE/SHEET a sheet is wanted of one of several workbooks.
    path = wanted or ""
    found = [
        file for file in files if path and f"{path}/".startswith(f"{file.filename}/")
    ]
    if len(found) == 1:
        return found[0], path[len(found[0].filename) + 1 :] or None
    if not found and len(files) == 1:
        return files[0], wanted
    names = [file.filename for file in files]
    refuse_choice("zip file", "file", names, None if found else wanted)
