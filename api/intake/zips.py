"""Zip files: what of them people have put there, and what a workbook is."""

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
from api.intake.unpacking import Bound, Bounded, Readable

Workbook = Literal["xlsx", "xlsb", "xls", "ods"]

_MOST_DIRECTORY = 4 << 20  # bytes; some 40,000 files
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
# Files by which other kinds of zip are known.
_OTHERS = {
    "[content_types].xml": "an Office file without a sheet",
    "mimetype": "a document without a sheet",
    "meta-inf/manifest.mf": "a Java program",
    "index/document.iwa": "an Apple Numbers, Pages or Keynote file",
}
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
_PIECE = 1 << 16  # bytes; as many packed ones are read ahead


class Zip:
    """A zip file; what is wrong with it becomes our own errors."""

    def __init__(self, file: BinaryIO, size: int, most: int) -> None:
        self._size = size
        self._most = most
        self._file = file
        self._taken = 0
        guarded = SimpleNamespace(
            read=self._read,
            seek=file.seek,
            tell=file.tell,
            seekable=file.seekable,
        )
        with _damage():
            self._archive = zipfile.ZipFile(cast(BinaryIO, guarded))
        self._taken = 0

    @property
    def files(self) -> list[zipfile.ZipInfo]:
        """Those that are meant to be seen: none of a system, and no folders."""
        return [file for file in self._archive.infolist() if _is_seen(file)]

    def workbook(self) -> Workbook | None:
        """The kind of workbook that this is; raises BinaryContent for a document."""
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
        return self._open(file, Bound("zip file", self._most))

    def refuse_bomb(self) -> None:
        """Unpack everything, keeping nothing, before somebody else does."""
        bound = Bound("workbook", self._most)
        for file in self._archive.infolist():
            stream = self._open(file, bound)
            while stream.read(_PIECE):
                pass
            stream.close()

    def _mimetype(self) -> bytes:
        name = next(n for n in self._archive.namelist() if n.lower() == "mimetype")
        return self.open(self._archive.getinfo(name)).read(len(_ODS))

    def _open(self, file: zipfile.ZipInfo, bound: Bound) -> Readable:
        if file.flag_bits & 1:
            raise UnreadableFile(
                "The zip file is protected by a password. Pack it without one."
            )
        # The others unpack as much at once as they like.
        if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableFile(
                f"The zip file is packed by the method {file.compress_type}, and only"
                " Deflate is read. Pack it so, as most programs do by themselves."
            )
        file.file_size = sys.maxsize  # a smaller one would cut off what follows
        with _damage():
            return Bounded(_Member(self._archive.open(file)), bound, self._packed)

    def _packed(self) -> int:
        # Files that share their bytes are read more than once.
        return min(self._taken, self._size)

    def _read(self, size: int = -1) -> bytes:
        """What `zipfile` reads, which takes a directory of any length as a whole."""
        if size > _MOST_DIRECTORY:
            raise TooLarge(
                f"The directory of the zip file has {size:,} bytes, which no table"
                " needs. Send the file unpacked."
            )
        chunk = self._file.read(size)
        self._taken += len(chunk)
        return chunk


class _Member:
    """A file of a zip."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        with _damage():
            return self._stream.read(min(size, _PIECE))

    def close(self) -> None:
        self._stream.close()


def _is_seen(file: zipfile.ZipInfo) -> bool:
    *folders, name = file.filename.lower().split("/")
    hidden = any(n.startswith(".") or n in _LITTER for n in (*folders, name))
    # A folder ends in a slash, and damage may leave no name at all.
    return bool(name) and not hidden


@contextmanager
def _damage() -> Iterator[None]:
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
