"""The process that reads a workbook from stdin and writes one sheet as CSV to stdout.

A program of its own that imports nothing of ours. Its argument is JSON: the name of the
sheet, or null. The first line of its output is JSON: the sheet, or the problem. If
calamine runs out of memory, only this process ends.
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
# The container of an .xlsx with a password, and the beginning of an .xls with one.
_LOCKED = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le"))
    + rb"|\x09\x08\x10\0.{16}(?:\x86\0\0\0)?\x2f\0",
    re.DOTALL,
)
_MOST_WHOLE = 2**53  # from here on a float is no exact integer
# A cell that holds an error, in the XML of a sheet.
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)(?<!/)>(.*?)</(?:\w+:)?c>', re.DOTALL
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")

_Errors = dict[int, list[tuple[int, str]]]  # by row


def main() -> None:
    # A mapping does not move the offset of the file, which its owner shares.
    with mmap.mmap(0, 0, access=mmap.ACCESS_READ) as file:
        content = file.read()
    try:
        workbook = calamine.load_workbook(io.BytesIO(content))
        sheet = _choose_sheet(workbook, json.loads(sys.argv[1]))
    except calamine.CalamineError:
        _exit_with("locked" if _is_locked(content) else "damaged")
    errors = _errors(content, sheet.name) if sheet else {}
    del content
    _write_result(sheet=sheet and sheet.name)
    if sheet:
        out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
        csv.writer(out).writerows(map(_texts, _rows(sheet, errors)))
        out.flush()


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # If memory runs short, the kernel ends this process rather than the server.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _is_locked(content: bytes) -> bool:
    """Whether there is a password, which calamine mostly reports as damage."""
    if _LOCKED.search(content):
        return True
    with (
        suppress(zipfile.BadZipFile, KeyError),
        zipfile.ZipFile(io.BytesIO(content)) as archive,
    ):
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
    return False


def _choose_sheet(
    workbook: calamine.CalamineWorkbook, wanted: str | None
) -> calamine.CalamineSheet | None:
    """The wanted sheet, or the only one that is not empty; None if all are empty."""
    names = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    if wanted is not None:
        if wanted not in names:
            _exit_with("unknown", names=names)
        return workbook.get_sheet_by_name(wanted)
    chosen, filled = None, []
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if _holds_something(sheet):
            filled.append(name)
            # Of several neither is read, so they are not kept in memory.
            chosen = sheet if len(filled) == 1 else None
    if len(filled) > 1:
        _exit_with("several", names=filled)
    return chosen


def _holds_something(sheet: calamine.CalamineSheet) -> bool:
    return any(str(cell).strip() for row in sheet.iter_rows() for cell in row)


def _rows(sheet: calamine.CalamineSheet, errors: _Errors) -> Iterator[list[Any]]:
    """All rows of the sheet, from the first used column on, with its errors as text."""
    left = sheet.start[1] if sheet.start else 0
    for number, row in enumerate(sheet.iter_rows()):
        for column, text in errors.get(number, ()):
            row[column - left] = text
        yield row


def _errors(content: bytes, name: str) -> _Errors:
    """The cells of an .xlsx that hold an error, which calamine reads as empty."""
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
    """The number as Excel shows it: 8 in place of 8.0."""
    is_whole = value.is_integer() and abs(value) < _MOST_WHOLE
    return str(int(value)) if is_whole else repr(value)


def _duration(value: datetime.timedelta) -> str:
    minutes, seconds = divmod(abs(value).total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    sign = "-" if value < datetime.timedelta() else ""
    return f"{sign}PT{hours}H{minutes}M{_number(seconds)}S"


# The text of each class of cell that calamine returns, as the rest of intake reads it.
_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    float: _number,
    datetime.date: datetime.date.isoformat,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: _duration,
}


def _write_result(**result: Any) -> None:
    sys.stdout.buffer.write(json.dumps(result).encode() + b"\n")
    sys.stdout.buffer.flush()


def _exit_with(problem: str, **result: Any) -> None:
    _write_result(problem=problem, **result)
    sys.exit()


if __name__ == "__main__":
    _confine()
    try:
        main()
    except MemoryError:
        sys.exit(3)
