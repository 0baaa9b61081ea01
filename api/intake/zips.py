"""Zip files: the files that people put in them, and whether one is a workbook."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import IO, BinaryIO, Literal, cast

from api.errors import BinaryContent, TooLarge, UnreadableFile
from api.intake.unpacking import LimitedStream, Readable, SizeLimit

Workbook = Literal["xlsx", "xlsb", "xls", "ods"]

_MOST_DIRECTORY = 4 << 20  # bytes; some 40,000 files
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
# Files that identify other kinds of zip.
_OTHERS = {
    "[content_types].xml": "an Office file without a sheet",
    "mimetype": "a document without a sheet",
    "meta-inf/manifest.mf": "a Java program",
    "index/document.iwa": "an Apple Numbers, Pages or Keynote file",
}
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
_PIECE = 1 << 16  # bytes read at once


class Zip:
    """A zip file; raises UnreadableFile or TooLarge if it is damaged or too large."""

    def __init__(self, file: BinaryIO, size: int, most: int) -> None:
        self._size = size
        self._most = most
        self._file = file
        self._bytes_read = 0
        guarded = SimpleNamespace(
            read=self._read,
            seek=file.seek,
            tell=file.tell,
            seekable=file.seekable,
        )
        with _as_unreadable():
            self._archive = zipfile.ZipFile(cast(BinaryIO, guarded))
        self._bytes_read = 0

    @property
    def files(self) -> list[zipfile.ZipInfo]:
        """The visible files: no folders and none that operating systems add."""
        return [file for file in self._archive.infolist() if _is_seen(file)]

    def workbook(self) -> Workbook | None:
        """The kind of workbook, if it is one; raises BinaryContent for a document."""
        names = {name.lower() for name in self._archive.namelist()}
        if "[content_types].xml" in names:
            if "xl/workbook.bin" in names:
                return "xlsb"
            if any(name.startswith("xl/workbook.") for name in names):
                return "xlsx"
        if "mimetype" in names and self._mimetype().startswith(_ODS):
            return "ods"
        for name, kind in _OTHERS.items():
            if name in names:
                raise BinaryContent(
                    f"The file is {kind}, not a table (from what is packed in it): save"
                    " the table as a workbook or as CSV, UTF-8."
                )
        return None

    def open(self, file: zipfile.ZipInfo) -> Readable:
        return self._open(file, SizeLimit("zip file", self._most))

    def check_expansion(self) -> None:
        """Raise TooLarge if the archive unpacks to too much, before a parser tries."""
        bound = SizeLimit("workbook", self._most)
        for file in self._archive.infolist():
            stream = self._open(file, bound)
            while stream.read(_PIECE):
                pass
            stream.close()

    def _mimetype(self) -> bytes:
        name = next(n for n in self._archive.namelist() if n.lower() == "mimetype")
        return self.open(self._archive.getinfo(name)).read(len(_ODS))

    def _open(self, file: zipfile.ZipInfo, bound: SizeLimit) -> Readable:
        if file.flag_bits & 1:
            raise UnreadableFile(
                "The zip file is protected by a password. Pack it without one."
            )
        # Other methods unpack any amount at once.
        if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableFile(
                f"The zip file is packed by the method {file.compress_type}, and only"
                " Deflate is read. Pack it so, as most programs do by themselves."
            )
        file.file_size = sys.maxsize  # a smaller one would cut off what follows
        with _as_unreadable():
            return LimitedStream(_Member(self._archive.open(file)), bound, self._packed)

    def _packed(self) -> int:
        # Files in one archive may share bytes, which are then read more than once.
        return min(self._bytes_read, self._size)

    def _read(self, size: int = -1) -> bytes:
        """Read for `zipfile`, which reads a directory of any length at once."""
        if size > _MOST_DIRECTORY:
            raise TooLarge(
                f"The directory of the zip file has {size:,} bytes, which no table"
                " needs. Send the file unpacked."
            )
        chunk = self._file.read(size)
        self._bytes_read += len(chunk)
        return chunk


class _Member:
    """A file of a zip."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        with _as_unreadable():
            return self._stream.read(min(size, _PIECE))

    def close(self) -> None:
        self._stream.close()


def _is_seen(file: zipfile.ZipInfo) -> bool:
    *folders, name = file.filename.lower().split("/")
    hidden = any(n.startswith(".") or n in _LITTER for n in (*folders, name))
    # A folder ends in a slash; in a damaged archive the name may be empty.
    return bool(name) and not hidden


@contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        raise UnreadableFile(
            f"The zip file or workbook cannot be unpacked ({error}). It may have been"
            " cut short on its way: send it again."
        ) from error
