"""The process that reads a workbook: from stdin, one sheet of it as CSV to stdout.

A program of its own that imports nothing of ours. Its argument is JSON: the sheet that
is wanted, or null. The first line of its output is JSON and tells the sheet, or why
there is none. What calamine cannot hold in memory ends the process and nothing else.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import mmap
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import python_calamine as calamine

MEMORY = 2 << 30  # bytes; 1,048,576 rows of hires take less than half
CPU_SECONDS = 120
# What an .xlsx with a password is in, and how an .xls with one begins.
_LOCKED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08\x10\0.{16}(?:\x86\0\0\0)?\x2f\0",
    re.DOTALL,
)
_MOST_WHOLE = 2**53  # from here on a float is not one whole number
# As the sheet's XML has a cell that holds an error.
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)(?<!/)>(.*?)</(?:\w+:)?c>', re.DOTALL
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")

_Errors = dict[int, list[tuple[int, str]]]  # by row


def main() -> None:
    # Where the file's owner has read to is not moved.
    with mmap.mmap(0, 0, access=mmap.ACCESS_READ) as file:
        content = file.read()
    try:
        workbook = calamine.load_workbook(io.BytesIO(content))
        sheet = _chosen(workbook, json.loads(sys.argv[1]))
    except calamine.CalamineError:
        _refuse("locked" if _is_locked(content) else "damaged")
    errors = _errors(content, sheet.name) if sheet else {}
    del content
    _tell(sheet=sheet and sheet.name)
    if sheet:
        out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
        csv.writer(out).writerows(map(_texts, _rows(sheet, errors)))
        out.flush()


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Where memory is short, this process goes before the server does.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _is_locked(content: bytes) -> bool:
    """Whether there is a password, which calamine seldom tells from damage."""
    if _LOCKED.search(content):
        return True
    with (
        suppress(zipfile.BadZipFile, KeyError),
        zipfile.ZipFile(io.BytesIO(content)) as archive,
    ):
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
    return False


def _chosen(
    workbook: calamine.CalamineWorkbook, wanted: str | None
) -> calamine.CalamineSheet | None:
    """The sheet that is wanted, or else the one that holds something, if one does."""
    names = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    if wanted is not None:
        if wanted not in names:
            _refuse("unknown", names=names)
        return workbook.get_sheet_by_name(wanted)
    chosen, filled = None, []
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if _holds_something(sheet):
            filled.append(name)
            # Two are not held at once where neither is going to be read.
            chosen = sheet if len(filled) == 1 else None
    if len(filled) > 1:
        _refuse("several", names=filled)
    return chosen


def _holds_something(sheet: calamine.CalamineSheet) -> bool:
    return any(str(cell).strip() for row in sheet.iter_rows() for cell in row)


def _rows(sheet: calamine.CalamineSheet, errors: _Errors) -> Iterator[list[Any]]:
    """The rows from the first of the sheet on, and their cells from the first used."""
    left = sheet.start[1] if sheet.start else 0
    for number, row in enumerate(sheet.iter_rows()):
        for column, text in errors.get(number, ()):
            row[column - left] = text
        yield row


def _errors(content: bytes, name: str) -> _Errors:
    """The cells of an .xlsx that hold an error, which calamine takes for empty ones."""
    found: _Errors = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read(_path_of(archive, name))
    except (zipfile.BadZipFile, KeyError, StopIteration):
        return found  # another kind of workbook
    for cell in _ERROR.finditer(xml) if b't="e"' in xml else ():
        place, value = _PLACE.search(cell[1]), _VALUE.search(cell[2])
        if place and value:
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            text = value[1].decode()
            found.setdefault(int(place[2]) - 1, []).append((column - 1, text))
    return found


def _path_of(archive: zipfile.ZipFile, name: str) -> str:
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter()
    key = next(
        value
        for sheet in sheets
        if sheet.tag.endswith("}sheet") and sheet.get("name") == name
        for attribute, value in sheet.items()
        if attribute.endswith("}id")
    )
    parts = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    path = next(part.attrib["Target"] for part in parts if part.get("Id") == key)
    return path[1:] if path.startswith("/") else f"xl/{path}"


def _texts(row: list[Any]) -> list[str]:
    return [
        cell if type(cell) is str else _FORMS.get(type(cell), str)(cell) for cell in row
    ]


def _number(value: float) -> str:
    """As people read it: 8.0 stands for 8."""
    is_whole = value.is_integer() and abs(value) < _MOST_WHOLE
    return str(int(value)) if is_whole else repr(value)


def _duration(value: datetime.timedelta) -> str:
    minutes, seconds = divmod(abs(value).total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    sign = "-" if value < datetime.timedelta() else ""
    return f"{sign}PT{hours}H{minutes}M{_number(seconds)}S"


# The classes that calamine hands out, as text that the rest of the door reads.
_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    float: _number,
    datetime.date: datetime.date.isoformat,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: _duration,
}


def _tell(**told: Any) -> None:
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    sys.stdout.buffer.flush()


def _refuse(problem: str, **told: Any) -> None:
    _tell(problem=problem, **told)
    sys.exit()


if __name__ == "__main__":
    _confine()
    try:
        main()
    except MemoryError:
        sys.exit(3)
