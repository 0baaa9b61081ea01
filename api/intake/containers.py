"""The container of a file: none, gzip, a zip, or a workbook, by its first bytes.

The file's name never counts. `workbooks` reads workbooks.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import BinaryIO, Literal

from api.errors import BadParameter, BinaryContent, EmptyFile, UnreadableFile
from api.intake.choice import raise_choice
from api.intake.options import Limits
from api.intake.unpacking import (
    GzipStream,
    LimitedStream,
    PrefixedStream,
    Readable,
    SizeLimit,
    read_fully,
)
from api.intake.workbooks.sheet import Sheet, spooled
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
        """Whether each record of the text is a row of cells, not lines of a file."""
        return self.kind not in ("plain", "gzip", "zip")


def open_content(
    stream: BinaryIO, limits: Limits, sheet: str | None = None
) -> tuple[Readable, Container]:
    """The content of a file and its container; the caller closes the content.

    `sheet` chooses one of several sheets or files. Raises AmbiguousReading,
    BadParameter, EmptyFile, UnreadableFile or TooLarge, here or while it is read.
    """
    start = read_fully(stream, _MARK)
    whole = PrefixedStream(start, stream)
    if sheet and not start.startswith((*_ZIP, _OLE)):
        raise BadParameter(
            f"The file has no sheets, but sheet={quoted(sheet)} names one. Leave it"
            " out."
        )
    if start.startswith(_GZIP):
        return GzipStream(whole, limits.unpacked_bytes), Container("gzip")
    if not start.startswith(PACKED):
        return whole, Container()
    if not stream.seekable():
        raise UnreadableFile(
            "A zip file or a workbook cannot be read from a pipe. Save it to a file"
            " first."
        )
    return _open_packed(stream, limits, sheet)


def _open_packed(
    file: BinaryIO, limits: Limits, wanted: str | None, within: str = ""
) -> tuple[Readable, Container]:
    """The content of a zip or a workbook; `within` is the path of the zip around it."""
    most = limits.unpacked_bytes
    size = file.seek(0, 2)
    file.seek(0)
    kind: Workbook = "xls"
    if not file.read(_MARK).startswith(_OLE):
        archive = Zip(file, size, most)
        if (workbook := archive.workbook()) is None:
            return _open_zip(archive, limits, wanted, within)
        kind = workbook
        archive.check_expansion()
    sheet = Sheet(file, wanted, within)
    text = LimitedStream(sheet, SizeLimit("workbook", most), lambda: size)
    return text, Container(kind, sheet.name)


def _open_zip(
    archive: Zip, limits: Limits, wanted: str | None, within: str
) -> tuple[Readable, Container]:
    if within:
        raise BinaryContent("The zip file holds another one: unpack it, and send that.")
    file, sheet = _choose_file(archive.files, wanted)
    content = archive.open(file)
    start = read_fully(content, _MARK)
    if start.startswith(PACKED) and not start.startswith(_GZIP):
        with spooled(PrefixedStream(start, content)) as packed:
            return _open_packed(packed, limits, sheet, f"{file.filename}/")
    if sheet is not None:
        raise_choice("zip file", "file", [file.filename], wanted)
    text: Readable = PrefixedStream(start, content)
    if start.startswith(_GZIP):
        text = GzipStream(text, limits.unpacked_bytes)
    return text, Container("zip", file.filename)


def _choose_file(
    files: list[zipfile.ZipInfo], wanted: str | None
) -> tuple[zipfile.ZipInfo, str | None]:
    """The only or the wanted file of a zip, and the sheet wanted of it."""
    if not files:
        raise EmptyFile("The zip file is empty: it holds no file.")
    # FILE/SHEET is a sheet of one of several workbooks.
    path = wanted or ""
    matching = [
        file for file in files if path and f"{path}/".startswith(f"{file.filename}/")
    ]
    if len(matching) == 1:
        return matching[0], path[len(matching[0].filename) + 1 :] or None
    if not matching and len(files) == 1:
        return files[0], wanted
    names = [file.filename for file in files]
    raise_choice("zip file", "file", names, None if matching else wanted)
