"""A folder, or a prefix of an object store: files appear there whole or not at all."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow.fs as pafs

from api.warehouse.durable import put_on_disk

# Spark and Hive ignore names that begin like this.
ASIDE = "_incoming"


class Storage:
    """The place that `SHARED_STORAGE` names: a path, or a URI such as s3://bucket/prefix.

    `location` is its name for Spark. An object store shows a file once it is complete;
    on a file system it is written aside, flushed to the disk and renamed.
    """

    def __init__(self, place: str) -> None:
        if "://" in place:
            self._files, self._root = pafs.FileSystem.from_uri(place)
            parts = urlsplit(place)
            self.location = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        else:
            self._files, self._root = pafs.LocalFileSystem(), os.path.abspath(place)
            self.location = self._root
        self._is_local = isinstance(self._files, pafs.LocalFileSystem)

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """A stream to the file `name`, which takes its place when this ends well.

        After an exception what was written is removed, and the file that was there
        before stays; an object store does not keep that.
        """
        path = self._aside(name) if self._is_local else self._path(name)
        self._files.create_dir(str(PurePosixPath(path).parent), recursive=True)
        stream = self._files.open_output_stream(path)
        try:
            with stream:
                yield stream
            if self._is_local:
                _move(Path(path), Path(self._path(name)))
        except BaseException:
            # The first error is the one to raise.
            with suppress(OSError):
                self._files.delete_file(path)
            raise

    def open(self, name: str) -> Any:
        """Open a file for random access; raises FileNotFoundError."""
        return self._files.open_input_file(self._path(name))

    def exists(self, name: str) -> bool:
        return bool(self._info(name).type != pafs.FileType.NotFound)

    def age(self, name: str) -> float:
        """Seconds since a folder was written to; None where that is unknown."""
        selector = pafs.FileSelector(self._path(name), allow_not_found=True)
        found = self._files.get_file_info(selector)
        times = [file.mtime_ns for file in found if file.mtime_ns]
        return max(0.0, time.time() - max(times) / 1e9) if times else 0.0

    def folders(self, name: str) -> list[str]:
        """The sorted names of the folders in a folder; empty without the folder."""
        selector = pafs.FileSelector(self._path(name), allow_not_found=True)
        found = self._files.get_file_info(selector)
        return sorted(f.base_name for f in found if f.type == pafs.FileType.Directory)

    def files(self, name: str) -> list[str]:
        """The sorted names of the files in a folder, without hidden ones.

        Raises FileNotFoundError where there is no such folder.
        """
        found = self._files.get_file_info(pafs.FileSelector(self._path(name)))
        names = sorted(f.base_name for f in found if f.type == pafs.FileType.File)
        return [name for name in names if not name.startswith((".", "_"))]

    def try_to_write(self) -> None:
        """Raise OSError where a file system takes no file; object stores pass."""
        if self._is_local:
            os.makedirs(self._root, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root) as file:
                file.write(b"?" * 4096)
                file.flush()

    def remove(self, name: str) -> None:
        """Remove a folder with all that is in it, if it is there."""
        if self.exists(name):
            self._files.delete_dir(self._path(name))

    def _info(self, name: str) -> Any:
        return self._files.get_file_info(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _aside(self, name: str) -> str:
        return f"{self._root}/{ASIDE}/{name.replace('/', '.')}"


def _move(written: Path, place: Path) -> None:
    """Put a written file in its place, after flushing it to the disk."""
    put_on_disk(written)
    new = [folder for folder in place.parents if not folder.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    written.replace(place)
    for folder in (place.parent, *(made.parent for made in new)):
        put_on_disk(folder)
